import { member } from "../../lib/json.ts";
import type { Principal } from "../../protocol/principal.ts";

/** The members of a line of the trail, in their order; what is undefined is left out. `event` and `time` come before them. */
const MEMBERS = [
  "requestId",
  "environment",
  "session",
  "transport",
  "address",
  "path",
  "principal",
  "apiKeyId",
  "tenant",
  "client",
  "sub",
  "server",
  "method",
  "tool",
  "prompt",
  "uri",
  "arguments",
  "verdict",
  "rule",
  "outcome",
] as const;

/** How a line tells who did what: texts of callers and of the config. */
export type TextMembers = { readonly [name in (typeof MEMBERS)[number]]?: string | undefined };

/** A call that ended, or something that was refused. */
export type AuditEvent = "call" | "refused";

/**
 * The members as the inside of a JSON object. Written by hand: for the short, plain texts of most lines that costs a third of
 * `JSON.stringify`.
 */
export function textMembers(texts: TextMembers): string {
  let members = "";
  for (const name of MEMBERS) {
    const text = texts[name];
    if (text !== undefined) members += `,"${name}":${quoted(text)}`;
  }
  return members;
}

/** One line: a JSON object in ASCII, whatever callers call their tools. `members` begin with a comma. */
export const auditLine = (event: AuditEvent, members: string): string =>
  `{"time":"${isoTime()}","event":"${event}"${members}}`;

let isoMs = Number.NaN;
let iso = "";

/** The time; made anew once a millisecond. */
function isoTime(): string {
  const now = Date.now();
  if (now !== isoMs) {
    isoMs = now;
    iso = new Date(now).toISOString();
  }
  return iso;
}

/** Printable ASCII without quotes and backslashes. */
const PLAIN = /^[ !#-[\]-~]*$/;
const NOT_ASCII = /[\u007f-\uffff]/g;

/**
 * As a JSON string of ASCII only: some characters beyond it end a line for some readers, or reorder or hide text on a terminal
 * (https://unicode.org/reports/tr9/).
 */
export const quoted = (text: string): string =>
  PLAIN.test(text) ? `"${text}"` : JSON.stringify(text).replaceAll(NOT_ASCII, escaped);

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

const LONGEST = 256;

export function whoIs(principal: Principal): TextMembers {
  const { kind, id, tenant, client, claims } = principal;
  const sub = member(claims, "sub");
  return {
    principal: cut(`${kind}:${id}`),
    apiKeyId: kind === "apiKey" ? cut(id) : undefined,
    tenant: cut(tenant),
    client: cut(client),
    sub: typeof sub === "string" ? cut(sub) : undefined,
  };
}

const SHOWN_ID = 8;

/** Enough of the id to find the session in the log; all of it would be enough to use it where nothing authenticates. */
export const sessionName = (id: string): string => id.slice(0, SHOWN_ID);

export function cut(text: string): string;
export function cut(text: string | undefined): string | undefined;
export function cut(text: string | undefined): string | undefined {
  return text === undefined || text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}
