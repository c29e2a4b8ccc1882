import { member } from "../../lib/json.ts";
import { principalKey, type Principal } from "../../protocol/principal.ts";
import type { Transport } from "../../protocol/session.ts";

/** One line of the trail. Its keys are those of the JSON object, in this order; what is undefined is left out. */
export interface AuditFields {
  /** A call that ended, or something that was refused. */
  readonly event: "call" | "refused";
  readonly environment: string;
  readonly requestId: string;
  readonly session?: string | undefined;
  readonly transport?: Transport | undefined;
  readonly address?: string | undefined;
  /** Of a request that was refused before it was known what it wants. */
  readonly path?: string | undefined;
  readonly principal?: string | undefined;
  readonly apiKeyId?: string | undefined;
  readonly tenant?: string | undefined;
  readonly client?: string | undefined;
  readonly sub?: string | undefined;
  readonly server?: string | undefined;
  readonly method?: string | undefined;
  readonly tool?: string | undefined;
  readonly prompt?: string | undefined;
  readonly uri?: string | undefined;
  readonly arguments?: string | undefined;
  readonly verdict: "allow" | "deny";
  /** The key of the config that decided. */
  readonly rule?: string | undefined;
  /** How a call ended, or why it was refused. */
  readonly outcome: string;
  readonly ms?: number | undefined;
  readonly bytesIn?: number | undefined;
  readonly bytesOut?: number | undefined;
  /** Lines like this one that were left out before it, because there were too many of them. */
  readonly leftOut?: number | undefined;
}

/** In the order of the line. */
const KEYS = [
  "event",
  "environment",
  "requestId",
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
  "ms",
  "bytesIn",
  "bytesOut",
  "leftOut",
] as const satisfies readonly (keyof AuditFields)[];

const MEMBERS = KEYS.map((key) => ({ key, before: `,"${key}":` }));

/**
 * As one line of JSON in ASCII, whatever callers call their tools. Written by hand: for the short, plain texts of most lines that
 * costs a third of `JSON.stringify`.
 */
export function auditLine(fields: AuditFields): string {
  let line = `{"time":"${new Date().toISOString()}"`;
  for (const { key, before } of MEMBERS) {
    const value = fields[key];
    if (value === undefined) continue;
    line += before + (typeof value === "number" ? String(value) : quoted(value));
  }
  return `${line}}`;
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

type Who = Pick<AuditFields, "principal" | "apiKeyId" | "tenant" | "client" | "sub">;

export function whoIs(principal: Principal): Who {
  const { kind, id, tenant, client, claims } = principal;
  const sub = member(claims, "sub");
  return {
    principal: cut(principalKey(principal)),
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
