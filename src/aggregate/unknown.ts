import { quoted } from "../lib/text.ts";
import type { RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { encodeId } from "../protocol/jsonrpc.ts";
import type { Subject } from "./addressing.ts";

/** Characters of a URI that are repeated. */
const MAX_URI = 4_096;

/** The error for what none of the servers has (MCP 2025-11-25, tools, prompts and resources, error handling). */
export function unknownError({ id }: RequestFrame, subject: Subject | undefined): ResponseFrame {
  const error = JSON.stringify(errorFor(subject));
  return { kind: "response", id, failed: true, line: `{"jsonrpc":"2.0","id":${encodeId(id)},"error":${error}}` };
}

function errorFor(subject: Subject | undefined): object {
  if (subject === undefined) return { code: -32601, message: "Method not found" };
  const { kind, name } = subject;
  if (name === undefined) return { code: -32602, message: `The ${kind} is not named` };
  if (kind === "resource")
    return { code: -32002, message: "Resource not found", data: { uri: name.slice(0, MAX_URI) } };
  return { code: -32602, message: `Unknown ${kind}: ${quoted(name)}` };
}
