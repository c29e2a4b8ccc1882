import { isObject, member, type JsonObject } from "../lib/json.ts";
import { memberOf, membersOf } from "../lib/json-members.ts";
import type { Line } from "../lib/lines.ts";
import { spliced } from "../lib/splice.ts";
import type { NotificationFrame, RequestFrame } from "../protocol/frame.ts";
import { methods } from "../protocol/methods.ts";
import type { Aim } from "./naming.ts";
import type { NameTable } from "./table.ts";

/** What a request is about, if it is about something with a name. */
export interface Subject {
  readonly kind: "tool" | "prompt" | "resource";
  /** Undefined when the request does not say it as text. */
  readonly name: string | undefined;
}

export function subjectOf({ method, params }: Pick<RequestFrame, "method" | "params">): Subject | undefined {
  switch (method) {
    case methods.callTool:
      return { kind: "tool", name: textOf(params?.["name"]) };
    case methods.getPrompt:
      return { kind: "prompt", name: textOf(params?.["name"]) };
    case methods.readResource:
    case methods.subscribe:
    case methods.unsubscribe:
      return { kind: "resource", name: textOf(params?.["uri"]) };
    case methods.complete: {
      const ref = params?.["ref"];
      // MCP 2025-11-25, utilities, completion.
      if (member(ref, "type") === "ref/resource") return { kind: "resource", name: textOf(member(ref, "uri")) };
      return { kind: "prompt", name: textOf(member(ref, "name")) };
    }
    default:
      return undefined;
  }
}

/** Whose that is, and what it is called there. */
export function aimOf({ kind, name }: Subject, table: NameTable): Aim | undefined {
  if (name === undefined) return undefined;
  return kind === "resource" ? table.findUri(name) : table.find(kind, name);
}

/** The same if nothing of that name were on any list. */
export function unlistedAimOf({ kind, name }: Subject, table: NameTable): Aim | undefined {
  if (name === undefined) return undefined;
  return kind === "resource" ? table.findUnlistedUri(name) : table.findUnlisted(kind, name);
}

/** The request with another name for what it is about. Everything else in its line stays letter by letter. */
export function renamed(frame: RequestFrame, name: string): RequestFrame {
  const { method, params = {} } = frame;
  if (method === methods.complete) return withRef(frame, params, name);
  const key = method === methods.callTool || method === methods.getPrompt ? "name" : "uri";
  if (params[key] === name) return frame;
  return { ...frame, params: { ...params, [key]: name }, line: withParam(frame.line, key, JSON.stringify(name)) };
}

/** The notification about a resource with another URI. */
export function withUri(frame: NotificationFrame, uri: string): NotificationFrame {
  if (frame.params?.["uri"] === uri) return frame;
  return { ...frame, params: { ...frame.params, uri }, line: withParam(frame.line, "uri", JSON.stringify(uri)) };
}

/** `ref` is written anew: a key that is repeated in it could mean something else to the server. */
function withRef(frame: RequestFrame, params: JsonObject, name: string): RequestFrame {
  const { ref } = params;
  if (!isObject(ref)) return frame;
  const own = ref["type"] === "ref/resource" ? { ...ref, uri: name } : { ...ref, name };
  return { ...frame, params: { ...params, ref: own }, line: withParam(frame.line, "ref", JSON.stringify(own)) };
}

const ID = String.raw`(?:"[^"\\]*"|-?\d{1,15})`;
/** As the SDKs write a call: repeated keys were refused before. */
const HEAD = new RegExp(
  String.raw`^\{(?:"jsonrpc":"2\.0",)?(?:"id":${ID},)?"method":"[^"\\]*","params":\{"(name|uri)":("[^"\\]*")`,
);
const HEAD_LENGTH = 512;

function withParam(line: Line, key: string, value: string): Line {
  const [head, , written] = HEAD.exec(typeof line === "string" ? line : line.head(HEAD_LENGTH)) ?? [];
  const isKey = head?.endsWith(`"${key}":${written}`) === true;
  if (head !== undefined && written !== undefined && isKey) {
    return spliced(line, head.length - written.length, written.length, value);
  }
  const text = line.toString();
  const params = memberOf(membersOf(text), "params");
  const found = params && memberOf(membersOf(text, params.valueAt), key);
  return found === undefined ? line : spliced(text, found.valueAt, found.end - found.valueAt, value);
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
