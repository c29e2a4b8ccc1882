import type { GatewayEvent } from "../../src/protocol/events.ts";

type Ended = Extract<GatewayEvent, { type: "exchange" }>;

/** The event of a call of a tool of "git" that has ended. */
export const ended = (change: Partial<Ended> = {}): Ended => ({
  type: "exchange",
  server: "git",
  sessionId: "s",
  transport: "sse",
  principal: "anonymous",
  requestId: "r",
  method: "tools/call",
  tool: "log",
  outcome: "result",
  ms: 1,
  ...change,
});

/** The answer to tools/list. */
export const toolList = (...names: readonly string[]): string =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, result: { tools: names.map((name) => ({ name })) } });
