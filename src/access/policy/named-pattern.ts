import { globMatcher, isUniversal } from "../../lib/glob.ts";
import { folded } from "../../lib/lookalikes.ts";
import type { TargetPattern } from "./rule-kind.ts";

/**
 * A pattern for things with a name: `name`, on any server, or `server:name`. The server ends at the first colon, so that a name
 * with a colon is written `server:a:b`, or `a\:b` for any server.
 */
export function namedPattern(pattern: string): TargetPattern {
  const { serverPattern, namePattern } = splitPattern(pattern);
  const reaches = serverPattern === undefined ? () => true : globMatcher(serverPattern);
  const allowsName = globMatcher(namePattern);
  const deniesName = globMatcher(folded(namePattern));
  // A name may contain a colon: who denies `a:b` may mean the tool `b` of `a`, or a tool `a:b`.
  const deniesWhole = serverPattern === undefined ? () => false : globMatcher(folded(pattern));
  return {
    serverPattern,
    reaches,
    isUniversal: isUniversal(namePattern),
    allows: ({ written }) => allowsName(written),
    denies: (server, name) => (reaches(server) && deniesName(name.folded)) || deniesWhole(name.folded),
  };
}

export interface SplitPattern {
  readonly serverPattern: string | undefined;
  readonly namePattern: string;
}

export function splitPattern(pattern: string): SplitPattern {
  const colon = /^(?:[^\\:]|\\.)*:/s.exec(pattern)?.[0];
  if (colon === undefined) return { serverPattern: undefined, namePattern: pattern };
  return { serverPattern: colon.slice(0, -1), namePattern: pattern.slice(colon.length) };
}
