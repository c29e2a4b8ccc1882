import { prompts } from "./prompts.ts";
import { resources } from "./resources.ts";
import type { RuleKind } from "./rule-kind.ts";
import { tools } from "./tools.ts";

/** The registry of what rules can be about, besides methods and servers. A new kind is one file and a line here. */
export const ruleKinds: readonly RuleKind[] = [tools, resources, prompts];
