import { isObject, member, type JsonObject } from "../../lib/json.ts";
import type { RequestFrame, ResponseFrame } from "../frame.ts";
import { resultLine, type RequestId } from "../jsonrpc.ts";
import { CAPABILITY_FOR } from "./input-capabilities.ts";

/** Something that a server wants to know from the client in order to go on. */
export interface Ask {
  /** Its name in `inputRequests`. */
  readonly key: string;
  /** The id of the server's own request; undefined when it made none (error -32042 of MCP 2025-11-25). */
  readonly id: RequestId | undefined;
  readonly method: string;
  readonly params: JsonObject;
}

/** A request of a server as an ask; `number` makes its key unique within the call. */
export function askOf({ id, method, params }: RequestFrame, number: number): Ask {
  return { key: `${CAPABILITY_FOR.get(method) ?? "input"}_${number}`, id, method, params: paramsOf(params) };
}

/** The asks of error -32042 (MCP 2025-11-25, elicitation, URL mode): `data.elicitations`. */
export function asksOfError(data: unknown): Ask[] {
  const listed = member(data, "elicitations");
  if (!Array.isArray(listed)) return [];
  return listed.filter(isObject).map((params, index) => ({
    key: `elicitation_${index + 1}`,
    id: undefined,
    method: "elicitation/create",
    params: paramsOf(params),
  }));
}

/** Without what MCP 2026-07-28 does not have: ids of elicitations, tasks, and progress of such requests. */
function paramsOf({ _meta, task: _task, elicitationId: _id, ...params }: JsonObject = {}): JsonObject {
  const { progressToken: _token, ...meta } = isObject(_meta) ? _meta : {};
  return Object.keys(meta).length === 0 ? params : { ...params, _meta: meta };
}

/** The answer to a call that cannot go on before the client has answered (MCP 2026-07-28, multi round-trip requests). */
export function inputRequired(id: RequestId, asks: readonly Ask[], requestState: string): ResponseFrame {
  const inputRequests = Object.fromEntries(asks.map(({ key, method, params }) => [key, { method, params }]));
  const line = resultLine(id, { resultType: "input_required", inputRequests, requestState });
  return { kind: "response", id, failed: false, line };
}

/** The client's answers as responses to the server's requests. What is missing or no object is asked for again. */
export function responsesTo(
  asks: readonly Ask[],
  inputResponses: unknown,
): { readonly responses: readonly ResponseFrame[]; readonly open: readonly Ask[] } {
  const responses: ResponseFrame[] = [];
  const open: Ask[] = [];
  for (const ask of asks) {
    const result = member(inputResponses, ask.key);
    if (!isObject(result)) open.push(ask);
    else if (ask.id !== undefined) {
      responses.push({ kind: "response", id: ask.id, failed: false, line: resultLine(ask.id, result) });
    }
  }
  return { responses, open };
}
