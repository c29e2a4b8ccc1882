import { isObject } from "../../lib/json.ts";
import { memberOf, membersOf, type JsonMember } from "../../lib/json-members.ts";
import type { Line } from "../../lib/lines.ts";
import { spliced } from "../../lib/splice.ts";
import { faultFrame } from "../fault-frame.ts";
import type { NotificationFrame, ProgressToken, RequestFrame, ResponseFrame } from "../frame.ts";
import { encodeId, type RequestId } from "../jsonrpc.ts";
import { metaKeys } from "./modern.ts";

/** The ids and tokens that clients choose are replaced where many of them share one process; nothing else of a line changes. */

/** The request under another id, which is also its progress token, if it has one. */
export function withIds(frame: RequestFrame, id: number): RequestFrame {
  const meta = frame.params?.["_meta"];
  if (!isObject(meta) || meta["progressToken"] === undefined) {
    return {
      kind: "request",
      id,
      method: frame.method,
      params: frame.params,
      line: lineWithId(frame.line, String(id)),
    };
  }
  const text = frame.line.toString();
  const top = membersOf(text);
  // All of them, if it is repeated: which one a server would read is its own affair.
  const tokens = nested(text, top, "params", "_meta").filter(({ key }) => key === "progressToken");
  const params = { ...frame.params, _meta: { ...meta, progressToken: id } };
  return { ...frame, id, params, line: replaced(text, [memberOf(top, "id"), ...tokens], String(id)) };
}

/** The request under another id only. */
export const withRequestId = (frame: RequestFrame, id: RequestId): RequestFrame => ({
  ...frame,
  id,
  line: lineWithId(frame.line, encodeId(id)),
});

const ID = String.raw`(?:"[^"\\]*"|-?\d{1,15})`;
const HEAD = new RegExp(String.raw`^\{"jsonrpc":"2\.0","id":(${ID}),`);
const TAIL = new RegExp(String.raw`,"jsonrpc":"2\.0","id":(${ID})\}$`);
const ENDS = 160;

/** The response with another id. */
export function withResponseId(frame: ResponseFrame, id: RequestId): ResponseFrame {
  if (frame.fault !== undefined) return faultFrame(id, frame.fault, frame.requestId);
  const { failed, isError } = frame;
  return { kind: "response", id, failed, isError, line: lineWithId(frame.line, encodeId(id)) };
}

function lineWithId(line: Line, id: string): Line {
  const [head, tail] = typeof line === "string" ? [line, line] : [line.head(ENDS), line.tail(ENDS)];
  const first = HEAD.exec(head)?.[1];
  if (first !== undefined) return spliced(line, HEAD_ID, first.length, id);
  const last = TAIL.exec(tail)?.[1];
  if (last !== undefined) return spliced(line, line.length - 1 - last.length, last.length, id);
  const text = line.toString();
  return replaced(text, [memberOf(membersOf(text), "id")], id);
}

const HEAD_ID = '{"jsonrpc":"2.0","id":'.length;

/** The progress notification with the token that the client chose. */
export function withProgressToken(frame: NotificationFrame, token: ProgressToken): NotificationFrame {
  const text = frame.line.toString();
  const found = memberOf(nested(text, membersOf(text), "params"), "progressToken");
  return {
    ...frame,
    params: { ...frame.params, progressToken: token },
    line: replaced(text, [found], JSON.stringify(token)),
  };
}

/** The notification or the last answer of a subscription, with the id of the request as its client chose it. */
export function withSubscriptionId<T extends NotificationFrame | ResponseFrame>(frame: T, id: RequestId): T {
  if (frame.kind === "response" && frame.failed) return frame;
  const text = frame.line.toString();
  const meta = nested(text, membersOf(text), frame.kind === "response" ? "result" : "params", "_meta");
  return { ...frame, line: replaced(text, [memberOf(meta, metaKeys.subscriptionId)], encodeId(id)) };
}

/** The members of the object that these keys lead to. */
function nested(text: string, members: readonly JsonMember[], ...keys: readonly string[]): readonly JsonMember[] {
  let found = members;
  for (const key of keys) {
    const at = memberOf(found, key)?.valueAt;
    found = at === undefined ? [] : membersOf(text, at);
  }
  return found;
}

/** The values of these members, in the order of the text or not, are replaced by the same text. */
function replaced(text: string, members: readonly (JsonMember | undefined)[], value: string): string {
  let line = text;
  const present = members.filter((found) => found !== undefined).toSorted((a, b) => b.valueAt - a.valueAt);
  for (const { valueAt, end } of present) line = line.slice(0, valueAt) + value + line.slice(end);
  return line;
}
