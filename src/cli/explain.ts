/** What went wrong, and what the operator can do about it. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE")
    return `The port is in use: ${error.message}. Choose another one with --port, or with port in the config.`;
  if (code === "EACCES") return `This user may not listen on this port: ${error.message}.`;
  if (code === "EADDRNOTAVAIL")
    return `This machine does not have this address: ${error.message}. Check hostname in the config.`;
  return error.message;
}
