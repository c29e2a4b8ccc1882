import { readFileSync } from "node:fs";
import { readArguments, type CallArguments } from "../downstream/rest/arguments.ts";
import { errorMessage } from "../lib/error-message.ts";
import { CallUsageError } from "./call-usage-error.ts";

/** More than any server takes. */
const MAX_BYTES = 256 * 1024 * 1024;

/** `--args`: JSON, `@` and a file with it, or `-` for stdin. */
export async function callArguments(
  given: string | undefined,
  stdin: AsyncIterable<Uint8Array | string>,
): Promise<CallArguments> {
  const text = await textOf(given, stdin);
  try {
    return readArguments(text);
  } catch (thrown) {
    throw new CallUsageError(`--args: ${errorMessage(thrown).replace(/^The body\b/, "it")}${hint(text)}`);
  }
}

async function textOf(given: string | undefined, stdin: AsyncIterable<Uint8Array | string>): Promise<string> {
  if (given === "-") return readAll(stdin);
  if (given?.startsWith("@") !== true) return given ?? "";
  try {
    return readFileSync(given.slice(1), "utf8").replace(/^\uFEFF/, "");
  } catch (cause) {
    throw new CallUsageError(`--args: ${errorMessage(cause)}`);
  }
}

async function readAll(stdin: AsyncIterable<Uint8Array | string>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const whole = Buffer.from(chunk);
    bytes += whole.length;
    if (bytes > MAX_BYTES) throw new CallUsageError(`--args: stdin has more than ${MAX_BYTES} bytes`);
    chunks.push(whole);
  }
  return Buffer.concat(chunks).toString();
}

/** A shell that took the quotes away is the usual mistake. */
const hint = (text: string): string =>
  /^\s*\{\s*[^"\s}]/.test(text) ? ` Quote it for the shell: --args '{"key": "value"}'` : "";
