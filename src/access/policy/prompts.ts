import { methods } from "../../protocol/methods.ts";
import { namedPattern } from "./named-pattern.ts";
import { patterns } from "./patterns.ts";
import type { RuleKind } from "./rule-kind.ts";

export const prompts: RuleKind = {
  key: "prompts",
  target: "prompt",
  config: patterns("Prompts, as prompt or server:prompt.", "git:*"),
  methods: [methods.listPrompts, methods.getPrompt, methods.complete],
  compile: namedPattern,
};
