import type { ServerResponse } from "node:http";
import { McpClient } from "../../client/mcp-client.ts";
import { isObject, member, type JsonObject } from "../../lib/json.ts";
import { membersOf } from "../../lib/json-members.ts";
import { oneLine } from "../../lib/json-scan.ts";
import { byteLength, type Line } from "../../lib/lines.ts";
import type { Redactor } from "../../lib/redactor.ts";
import { keptLine, keptText } from "../../observability/recording/kept-line.ts";
import type { Submission } from "../../protocol/admission.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { ResponseFrame } from "../../protocol/frame.ts";
import { requestLine } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import type { DownstreamContext, Visit } from "../context.ts";
import type { AgainRequest, AgainResult, SeenText } from "./console-api.ts";
import { maskedText } from "./masked-text.ts";
import type { ConsoleSources } from "./sources.ts";

/** Calls that run at once, for all who use the console. */
const MAX_RUNNING = 8;

/** Calls tools again, each in a session of its own, as the principal who asks for it. */
export class Again {
  readonly #context: Pick<DownstreamContext, "sessions" | "admission">;
  readonly #client: ConsoleSources["client"];
  readonly #redactor: Redactor;
  #running = 0;

  constructor(
    context: Pick<DownstreamContext, "sessions" | "admission">,
    { client, redactor }: Pick<ConsoleSources, "client" | "redactor">,
  ) {
    this.#context = context;
    this.#client = client;
    this.#redactor = redactor;
  }

  /** Its session ends when the call is over, or when the caller leaves. */
  async call(visit: Visit, given: WrittenCall, response: ServerResponse): Promise<AgainResult> {
    if (this.#running >= MAX_RUNNING) {
      throw new GatewayError("queue_full", `Already ${MAX_RUNNING} calls of the console are running.`, {
        retryAfterMs: 1_000,
      });
    }
    this.#running++;
    try {
      return await this.#call(visit, given, response);
    } finally {
      this.#running--;
    }
  }

  async #call(visit: Visit, given: WrittenCall, response: ServerResponse): Promise<AgainResult> {
    const { principal, server, requestId, caller, onQuota } = visit;
    const { sessions, admission } = this.#context;
    const params = { name: given.tool, arguments: given.arguments };
    const text = `{"name":${JSON.stringify(given.tool)},"arguments":${given.argumentsText}}`;
    // A process is only started for a call that has a chance.
    admission?.foresee(submissionOf(visit, params, text));
    const client = new McpClient(sessions, { principal, server, transport: "rest", requestId, caller }, this.#client);
    const leave = (): void => void client.session.close("client closed");
    response.once("close", leave);
    try {
      if (response.destroyed) throw new GatewayError("session_ended", "The caller went away.");
      await client.initialize(requestId);
      const startedAt = performance.now();
      const options = { requestId, principal, onQuota, caller };
      const answer = await client.call(methods.callTool, params, text, options).answer;
      const ms = performance.now() - startedAt;
      return { ...this.#shown(answer.line), isError: isError(answer), ms };
    } finally {
      response.off("close", leave);
      leave();
    }
  }

  #shown(line: Line): SeenText {
    const { text, isCut } = keptText(keptLine(line), byteLength(line));
    return { text: maskedText(text, this.#redactor), isCut };
  }
}

/** A call with its arguments also as they were written: numbers may have more digits than JavaScript keeps. */
interface WrittenCall extends AgainRequest {
  readonly argumentsText: string;
}

/** Throws when the body is not an AgainRequest. */
export function readAgain(body: string): WrittenCall {
  const value = parsed(body);
  const [tool, given = {}] = [member(value, "tool"), member(value, "arguments")];
  if (typeof tool !== "string" || tool === "" || !isObject(given)) {
    throw new GatewayError("invalid_request", 'Send { "tool": "<name>", "arguments": { … } }.');
  }
  // Of a repeated key the last one counts, as for JSON.parse.
  const written = membersOf(body).findLast(({ key }) => key === "arguments");
  const argumentsText = written === undefined ? "{}" : oneLine(body.slice(written.valueAt, written.end));
  return { tool, arguments: given, argumentsText };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new GatewayError("invalid_json", "The body is not JSON.");
  }
}

const isError = ({ failed, isError: says }: ResponseFrame): boolean => failed || says === true;

/** The call as its session will see it. */
function submissionOf({ principal, server, requestId }: Visit, params: JsonObject, text: string): Submission {
  const line = requestLine(0, methods.callTool, text);
  const frame = { kind: "request", id: 0, method: methods.callTool, params, line } as const;
  const messages = { frames: [frame], isBatch: false };
  return { principal, server, sessionId: "", transport: "rest", messages, reception: { requestId } };
}
