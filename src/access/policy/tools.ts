import { methods } from "../../protocol/methods.ts";
import { namedPattern } from "./named-pattern.ts";
import { patterns } from "./patterns.ts";
import type { RuleKind } from "./rule-kind.ts";

/** Also the methods about tasks, which is how a tool may be called that takes long (MCP 2025-11-25, tasks). */
const METHODS = [
  methods.listTools,
  methods.callTool,
  "tasks/get",
  "tasks/result",
  "tasks/list",
  "tasks/cancel",
  "tasks/update",
];

export const tools: RuleKind = {
  key: "tools",
  target: "tool",
  config: patterns("Tools, as tool or server:tool.", "git:*"),
  methods: METHODS,
  compile: namedPattern,
};
