import { canonicalUri } from "../../lib/canonical-uri.ts";
import { globMatcher, isUniversal } from "../../lib/glob.ts";
import { folded } from "../../lib/lookalikes.ts";
import { methods } from "../../protocol/methods.ts";
import { patterns } from "./patterns.ts";
import type { RuleKind, TargetPattern } from "./rule-kind.ts";

const METHODS = [
  methods.listResources,
  methods.listTemplates,
  methods.readResource,
  methods.subscribe,
  methods.unsubscribe,
  methods.complete,
];

export const resources: RuleKind = {
  key: "resources",
  target: "resource",
  config: patterns("Resources, by URI.", "file:///public/*"),
  methods: METHODS,
  compile: uriPattern,
};

/**
 * A URI is allowed if it matches both as it stands and as a server may read it: `file:///public/../etc/passwd` begins like a public
 * file and is none. It is denied if either matches.
 */
function uriPattern(pattern: string): TargetPattern {
  const canonicalPattern = canonicalUri(pattern);
  const [asWritten, asRead] = [globMatcher(pattern), globMatcher(canonicalPattern)];
  const [deniesWritten, deniesRead] = [globMatcher(folded(pattern)), globMatcher(folded(canonicalPattern))];
  return {
    serverPattern: undefined,
    reaches: () => true,
    isUniversal: isUniversal(pattern),
    allows: (uri) => asWritten(uri.written) && asRead(uri.canonical),
    denies: (_server, uri) => deniesWritten(uri.folded) || deniesRead(uri.foldedCanonical),
  };
}
