import type { z } from "zod";
import type { TargetKind } from "../../protocol/policy.ts";
import type { NameForms } from "./name-forms.ts";
import type { Patterns } from "./patterns.ts";

/** A kind of thing that rules are about: a key of `allow` and `deny`. */
export interface RuleKind {
  readonly key: string;
  readonly target: TargetKind;
  readonly config: z.ZodType<Patterns>;
  /** The methods that a rule with this key allows if it does not list methods itself. */
  readonly methods: readonly string[];
  readonly compile: (pattern: string) => TargetPattern;
}

/** One compiled pattern. Allowing is strict; denying is not fooled by another spelling of the same name. */
export interface TargetPattern {
  /** The pattern for the server's name, if there is one. */
  readonly serverPattern: string | undefined;
  /** Whether anything on the server can match. */
  reaches(server: string): boolean;
  /** Whether it matches every name on the servers that it reaches. */
  readonly isUniversal: boolean;
  /** For a server that it reaches. */
  allows(name: NameForms): boolean;
  denies(server: string, name: NameForms): boolean;
}
