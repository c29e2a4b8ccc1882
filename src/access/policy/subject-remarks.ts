import { closest } from "../../lib/closest.ts";
import { globMatcher, isLiteral } from "../../lib/glob.ts";
import { isObject, member } from "../../lib/json.ts";
import { quoted } from "../../lib/text.ts";
import type { AccessFinding } from "../problems.ts";
import type { SubjectConfig } from "./config.ts";

/** The tenants and clients of all callers; undefined when tokens may bring others. */
export type KnownCallers = Readonly<Record<"tenant" | "client", readonly string[]>> | undefined;

/** What the config knows of callers: those of its API keys, unless there are issuers of tokens. */
export function knownCallers({ auth, oauth }: { readonly auth: unknown; readonly oauth?: unknown }): KnownCallers {
  if (member(auth, "jwt") !== undefined || oauth !== undefined) return undefined;
  const keys = member(auth, "apiKeys");
  const entries: readonly unknown[] = Array.isArray(keys) ? keys : [];
  const all = (name: "tenant" | "client"): string[] =>
    entries.flatMap((entry) => {
      const value = isObject(entry) ? entry[name] : undefined;
      return typeof value === "string" ? [value] : [];
    });
  return { tenant: all("tenant"), client: all("client") };
}

/** Subjects that fit nobody. */
export function subjectRemarks(
  subject: SubjectConfig,
  path: AccessFinding["path"],
  callers: KnownCallers,
): AccessFinding[] {
  if (callers === undefined) return [];
  return (["tenant", "client"] as const).flatMap((key) => {
    const wanted = [subject[key] ?? []].flat();
    const known = ["", ...callers[key]];
    if (wanted.length === 0 || wanted.some((pattern) => known.some(globMatcher(pattern)))) return [];
    const [first = ""] = wanted;
    const near = isLiteral(first) ? closest(first, callers[key]) : undefined;
    const guess = near === undefined ? "" : `; did you mean ${quoted(near)}?`;
    const at = [...path, key];
    return [{ path: at, message: `${at.join(".")}: no API key has the ${key} ${quoted(first)}${guess}` }];
  });
}
