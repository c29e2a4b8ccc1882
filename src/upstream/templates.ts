import { member } from "../lib/json.ts";
import { GatewayError } from "../protocol/errors.ts";
import { gatewayItself, type Principal } from "../protocol/principal.ts";
import type { CallerHeaders } from "../protocol/upstream.ts";

/** Who calls: what a placeholder is filled from. */
export interface CallerValues {
  readonly principal: Principal;
  readonly caller?: CallerHeaders | undefined;
}

/** Where a filled text is used, which decides what a value must not contain. */
export type Place = "header" | "variable" | "argument" | "path";

/** `{{headers.x-user-id}}`, `{{principal.client}}`, `{{claims.sub}}`, each with `:-default`. Other braces are left alone. */
const PLACEHOLDER = /\{\{\s*(principal|claims|headers)\.((?:[^{}:]|:(?!-))+?)\s*(?::-([^{}]*))?\}\}/g;
const MAX_VALUE = 1_024;
/** In which a caller proves who it is to the gateway. */
const CREDENTIALS = /^(?:authorization|proxy-authorization|x-api-key|api-key|cookie)$/;

/** A header that must not be passed on, whatever a config says. */
export function holdsCredential(header: string): boolean {
  return CREDENTIALS.test(header.toLowerCase());
}

export function isTemplate(text: string): boolean {
  PLACEHOLDER.lastIndex = 0;
  return PLACEHOLDER.test(text);
}

/** The names of the headers that texts are filled from, in lower case. */
export function headersIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) =>
    [...text.matchAll(PLACEHOLDER)].flatMap(([, root, name = ""]) => (root === "headers" ? [name.toLowerCase()] : [])),
  );
}

export const UNFILLABLE =
  "must be filled in from principal.id, principal.client, principal.tenant, claims or headers, and from no header with a credential";

/** Every placeholder names something that there is and may be passed on; for schemas. */
export function isFillable(text: string): boolean {
  return [...text.matchAll(PLACEHOLDER)].every(([, root, name = ""]) => {
    if (root === "headers") return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && !holdsCredential(name);
    return root === "claims" || ["id", "client", "tenant"].includes(name);
  });
}

/**
 * Fills in the placeholders. Throws `header_required` when a value is missing or does not fit its place; for the gateway itself,
 * which calls on nobody's behalf, undefined instead.
 */
export function fill(text: string, place: Place, values: CallerValues, server: string): string | undefined {
  let isMissing = false;
  const filled = text.replaceAll(PLACEHOLDER, (_all, root: string, name: string, fallback: string | undefined) => {
    const value = valueOf(root, name, values) ?? fallback;
    if (value !== undefined && fits(value, place)) return value;
    if (values.principal === gatewayItself) isMissing = true;
    else throw missing(server, root, name, value !== undefined);
    return "";
  });
  return isMissing ? undefined : filled;
}

/** What all of the placeholders are filled with: callers with equal keys are one to the server. Throws as `fill` does. */
export function keyOf(texts: readonly string[], values: CallerValues, server: string): string {
  return JSON.stringify(texts.map((text) => fill(text, "variable", values, server) ?? null));
}

function valueOf(root: string, name: string, { principal, caller }: CallerValues): string | undefined {
  const value = root === "headers" ? caller?.get(name.toLowerCase()) : ofPrincipal(root, name, principal);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function ofPrincipal(root: string, name: string, principal: Principal): unknown {
  if (root === "principal")
    return name === "id" || name === "client" || name === "tenant" ? principal[name] : undefined;
  // A claim whose own name has dots, such as a URL, comes before a path of names.
  const whole = member(principal.claims, name);
  if (whole !== undefined) return whole;
  return name.split(".").reduce<unknown>((inner, part) => member(inner, part), principal.claims);
}

/** A value is not trusted: it must stay what it is meant to be. */
function fits(value: string, place: Place): boolean {
  if (value.length > MAX_VALUE || value.includes("\0")) return false;
  switch (place) {
    case "header":
      return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
    case "variable":
      return true;
    case "argument":
      // It would be read as an option.
      return !value.startsWith("-");
    case "path":
      // One name of a folder, never a way out of it.
      return !/[/\\]/.test(value) && value !== "." && value !== "..";
  }
}

function missing(server: string, root: string, name: string, isUnfit: boolean): GatewayError {
  const what = root === "headers" ? `the header ${name} of the request` : `${root}.${name} of its caller`;
  const message = isUnfit
    ? `The MCP server "${server}" cannot be given ${what}: its value is not permitted there.`
    : `The MCP server "${server}" needs ${what}.`;
  return new GatewayError("header_required", message, { data: { required: `${root}.${name}` } });
}
