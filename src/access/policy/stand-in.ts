import { randomBytes } from "node:crypto";
import type { JsonObject } from "../../lib/json.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { RequestFrame, ResponseFrame } from "../../protocol/frame.ts";
import { requestLine } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import type { Target } from "../../protocol/policy.ts";
import type { ScreenedRequest } from "../../protocol/screen.ts";

/** Characters of all the names in one answer. */
const MAX_WRITTEN = 16 * 1024 * 1024;
/** Schemes whose URIs have a host (WHATWG URL, special schemes). */
const WITH_HOST: readonly string[] = ["http", "https", "ws", "wss", "ftp"];

/**
 * A name that no server knows. The server is asked for it in place of what is refused, so that its answer is the very one that it
 * gives for what it does not have; the client then reads the name that it asked for.
 */
export class StandIn {
  readonly #name = `x${randomBytes(11).toString("hex")}`;

  for(frame: RequestFrame, { kind, name: asked = "" }: Target): ScreenedRequest {
    const name = kind === "resource" ? this.#uri(asked) : this.#name;
    const params = JSON.stringify(paramsWith(name, frame));
    const relayed = { ...frame, line: requestLine(frame.id, frame.method, params) };
    return { frame: { ...relayed, params: paramsWith(name, frame) }, revise: (answer) => renamed(answer, name, asked) };
  }

  /** Of the same scheme, by which servers tell what they could serve. */
  #uri(asked: string): string {
    const scheme = /^([a-z][a-z0-9+.-]{0,30}):/i.exec(asked)?.[1]?.toLowerCase();
    if (scheme === undefined) return this.#name;
    if (scheme === "file") return `file:///${this.#name}`;
    return WITH_HOST.includes(scheme) ? `${scheme}://${this.#name}.invalid/${this.#name}` : `${scheme}://${this.#name}`;
  }
}

/** The server gets nothing else of the refused request than what every request has. */
function paramsWith(name: string, { method, params = {} }: RequestFrame): JsonObject {
  const meta = params["_meta"] === undefined ? {} : { _meta: params["_meta"] };
  switch (method) {
    case methods.callTool:
    case methods.getPrompt:
      return { name, arguments: {}, ...meta };
    case methods.complete: {
      const isPrompt = typeof params["ref"] === "object" && params["ref"] !== null && "name" in params["ref"];
      const ref = isPrompt ? { type: "ref/prompt", name } : { type: "ref/resource", uri: name };
      return { ref, argument: params["argument"], ...meta };
    }
    default:
      return { uri: name, ...meta };
  }
}

function renamed(answer: ResponseFrame, name: string, asked: string): ResponseFrame {
  if (answer.fault !== undefined) return answer;
  const text = answer.line.toString();
  const parts = text.split(name);
  if (parts.length === 1) return answer;
  const written = JSON.stringify(asked).slice(1, -1);
  // A server that repeats the name could otherwise multiply a long one into any length.
  if (written.length * parts.length > MAX_WRITTEN) {
    throw new GatewayError("protocol_violation", "The server's answer repeats what it was asked for too often.");
  }
  return { ...answer, line: parts.join(written) };
}
