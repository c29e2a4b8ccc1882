import { nanoid } from "nanoid";
import { isObject, type JsonObject } from "../lib/json.ts";
import { readEnvelope } from "../protocol/envelope.ts";
import { NEWEST_LEGACY_REVISION } from "../protocol/eras/revisions.ts";
import type { Frame, ResponseFrame } from "../protocol/frame.ts";
import { notificationLine, requestLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import { resultOf } from "../protocol/result-text.ts";
import type { SessionRecord } from "./session-record.ts";

/** Where a handshake sends its messages and reports its result. */
export interface HandshakeHost {
  /** Sends a message to the server. */
  ask(frame: Frame): void;
  /** The server is initialized: messages of the client may follow. */
  ready(result: JsonObject): void;
  /** The server responded to `initialize` with an error. */
  refused(answer: ResponseFrame): void;
  /** The first page of the server's tools. */
  listed(answer: ResponseFrame): void;
}

/**
 * Replays a client's handshake with a new process of its server (MCP, lifecycle): `initialize` as the client sent it, then the
 * settings it made since. The client does not notice.
 */
export class Handshake {
  readonly #record: SessionRecord;
  readonly #host: HandshakeHost;
  readonly #openingId: RequestId;
  /** The handshake's open requests, each with the handler of its response. */
  readonly #waiting = new Map<RequestId, (answer: ResponseFrame) => void>();

  constructor(record: SessionRecord, host: HandshakeHost) {
    this.#record = record;
    this.#host = host;
    const { initialize } = record;
    const opening = readEnvelope(JSON.parse(initialize), initialize, initialize);
    if (opening.kind !== "request") throw new Error("a recorded initialize is no request");
    this.#openingId = opening.id;
    this.#waiting.set(opening.id, (answer) => this.#onGreeted(answer));
    host.ask(opening);
  }

  get isOver(): boolean {
    return this.#waiting.size === 0;
  }

  /** Whether `id` is that of `initialize`, still unanswered. */
  isOpenedBy(id: RequestId | undefined): boolean {
    return id === this.#openingId && this.#waiting.has(id);
  }

  /** True when this is the response to a request of the handshake, which must not reach the client. */
  takes(answer: ResponseFrame): boolean {
    const take = this.#waiting.get(answer.id);
    if (take === undefined) return false;
    this.#waiting.delete(answer.id);
    take(answer);
    return true;
  }

  #onGreeted(answer: ResponseFrame): void {
    if (answer.failed) return this.#host.refused(answer);
    const { logLevel, subscriptions = [], toolsDigest } = this.#record;
    const result = resultOf(answer.line);
    const { capabilities } = result;
    const offers = isObject(capabilities) ? capabilities : {};
    const line = notificationLine(methods.initialized);
    this.#host.ask({ kind: "notification", method: methods.initialized, params: undefined, line });
    if (logLevel !== undefined && offers["logging"] !== undefined) this.#ask(methods.setLevel, { level: logLevel });
    for (const uri of subscriptions) this.#ask(methods.subscribe, { uri });
    this.#host.ready(result);
    // Sent after the messages that the client is waiting for.
    if (toolsDigest === undefined || offers["tools"] === undefined) return;
    this.#ask(methods.listTools, {}, (list) => this.#host.listed(list));
  }

  /** Sends a request; its id cannot collide with those of the client. */
  #ask(method: string, params: JsonObject, take: (answer: ResponseFrame) => void = () => undefined): void {
    const id = `mcp-gateway:${nanoid()}`;
    this.#waiting.set(id, take);
    this.#host.ask({ kind: "request", id, method, params, line: requestLine(id, method, JSON.stringify(params)) });
  }
}

/** The record for a client that never sent `initialize` on this stream, such as one that reconnected with a new stream. */
export function plainRecord(clientVersion: string): SessionRecord {
  const clientInfo = { name: "mcp-gateway", version: clientVersion };
  const params = { protocolVersion: NEWEST_LEGACY_REVISION, capabilities: {}, clientInfo };
  return {
    initialize: requestLine(`mcp-gateway:${nanoid()}`, methods.initialize, JSON.stringify(params)),
  };
}
