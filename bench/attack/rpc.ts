import type { Answer, Message } from "./answer.ts";

export const BOTH = "application/json, text/event-stream";
export const VERSIONS: readonly string[] = ["2025-03-26", "2025-06-18", "2025-11-25"];

export function initialize(id: number, protocolVersion = "2025-11-25"): string {
  return request(id, "initialize", { protocolVersion, capabilities: {}, clientInfo: { name: "attack", version: "1" } });
}

export const INITIALIZED = notification("notifications/initialized");

export function request(id: number | string, method: string, params: object = {}): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

export function notification(method: string, params: object = {}): string {
  return JSON.stringify({ jsonrpc: "2.0", method, params });
}

export function call(id: number | string, name: string, args: object): string {
  return request(id, "tools/call", { name, arguments: args });
}

export function cancel(requestId: unknown): string {
  return notification("notifications/cancelled", { requestId, reason: "no longer wanted" });
}

/** How a request ended: `answer`, a reason, `cut`, or `none` when no response was expected. */
export interface Reply {
  readonly end: string;
  readonly text: string;
}

export const CUT: Reply = { end: "cut", text: "" };

export function replyOf(answer: Answer, id: number | string): Reply {
  const message = answer.message(id);
  if (message !== undefined) return replyIn(message);
  if (answer.status >= 400) return { end: reasonIn(answer.text) ?? `status ${answer.status}`, text: answer.text };
  return answer.isCut ? CUT : { end: "none", text: answer.text };
}

export function replyIn(message: Message): Reply {
  const text = JSON.stringify(message);
  return { end: message.error === undefined ? "answer" : (reasonIn(text) ?? "error"), text };
}

/** The reason of an error on MCP, its code on REST, or a server's own code. */
export function reasonIn(text: string): string | undefined {
  const head = text.slice(0, 4_000);
  const reason = /"reason":"(\w+)"/.exec(head) ?? /"code":"(\w+)"/.exec(head) ?? /"code":(-?\d+)/.exec(head);
  return reason?.[1];
}
