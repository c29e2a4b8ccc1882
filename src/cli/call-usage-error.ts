/** The command was used wrongly: exit code 64, EX_USAGE of sysexits. */
export class CallUsageError extends Error {
  override readonly name = "CallUsageError";
}
