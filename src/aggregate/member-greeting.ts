import { randomUUID } from "node:crypto";
import { member, type JsonObject } from "../lib/json.ts";
import { errorOf, resultOf } from "../protocol/result-text.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { Frame, ResponseFrame } from "../protocol/frame.ts";
import { notificationLine, requestLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";

/** What a server is told at the beginning, on behalf of the session's client. */
export interface GreetingFacts {
  /** The params of the client's `initialize`. */
  readonly initialize: JsonObject;
  readonly level: string | undefined;
  /** The URIs that the client is subscribed to, as this server knows them. */
  readonly subscriptions: Iterable<string>;
}

/** The handshake with a server behind the endpoint (MCP, lifecycle), and what is asked on the session's own account. */
export class MemberGreeting {
  readonly #server: string;
  readonly #send: (frame: Frame) => void;
  /** No client chooses such ids. */
  readonly #prefix = `mcp-gateway:${randomUUID()}:`;
  #lastId = 0;
  #result: JsonObject = {};

  constructor(server: string, send: (frame: Frame) => void) {
    this.#server = server;
    this.#send = send;
  }

  /** What the server has answered to `initialize`; empty before that. */
  get result(): JsonObject {
    return this.#result;
  }

  begin({ initialize }: GreetingFacts): void {
    this.ask(methods.initialize, initialize);
  }

  /** Whether an id is one of these. */
  owns(id: RequestId | undefined): boolean {
    return typeof id === "string" && id.startsWith(this.#prefix);
  }

  isOpening(id: RequestId | undefined): boolean {
    return id === `${this.#prefix}1`;
  }

  /** The server has answered `initialize`. Throws when it refuses. */
  opened(answer: ResponseFrame, facts: GreetingFacts): void {
    if (answer.failed) throw this.#refusal(answer);
    this.#result = resultOf(answer.line);
    const { initialized } = methods;
    this.#send({ kind: "notification", method: initialized, params: undefined, line: notificationLine(initialized) });
    if (facts.level !== undefined) this.setLevel(facts.level);
    for (const uri of facts.subscriptions) this.ask(methods.subscribe, { uri });
  }

  setLevel(level: string): void {
    if (member(this.#result["capabilities"], "logging") !== undefined) this.ask(methods.setLevel, { level });
  }

  /** Sends a request of the session's own; the answer has the same id. */
  ask(method: string, params: JsonObject): string {
    const id = `${this.#prefix}${++this.#lastId}`;
    this.#send({ kind: "request", id, method, params, line: requestLine(id, method, JSON.stringify(params)) });
    return id;
  }

  #refusal({ fault, line }: ResponseFrame): GatewayError {
    if (fault !== undefined) return fault;
    const { code, message } = errorOf(line);
    const text = `The MCP server "${this.#server}" refused initialize.`;
    return new GatewayError("spawn_failed", text, { data: { rpc: { code, message } } });
  }
}
