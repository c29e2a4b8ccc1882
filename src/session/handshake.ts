import { nanoid } from "nanoid";
import { isObject, type JsonObject } from "../lib/json.ts";
import { readEnvelope } from "../protocol/envelope.ts";
import { NEWEST_LEGACY_REVISION } from "../protocol/eras/revisions.ts";
import type { Frame, ResponseFrame } from "../protocol/frame.ts";
import { notificationLine, requestLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import { resultOf } from "../protocol/result-text.ts";
import type { SessionRecord } from "./session-record.ts";

/** Who wants the handshake, and what it leads to. */
export interface HandshakeHost {
  /** To the server. */
  ask(frame: Frame): void;
  /** The server knows what it must know: what the client says may follow. */
  ready(result: JsonObject): void;
  /** It answered `initialize` with an error. */
  refused(answer: ResponseFrame): void;
  /** The first page of its tools. */
  listed(answer: ResponseFrame): void;
}

/**
 * The handshake of a client with a new process of its server, done by the gateway in its place (MCP, lifecycle): `initialize` as the
 * client sent it, then what it has set since. The client sees nothing of it.
 */
export class Handshake {
  readonly #record: SessionRecord;
  readonly #host: HandshakeHost;
  readonly #openingId: RequestId;
  /** Requests of its own that wait for an answer; some want to see it. */
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

  /** Without its answer nothing goes on. */
  isOpenedBy(id: RequestId | undefined): boolean {
    return id === this.#openingId && this.#waiting.has(id);
  }

  /** True when this answers a request of the handshake: then it is not the client's. */
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
    // Behind what the client waits for.
    if (toolsDigest === undefined || offers["tools"] === undefined) return;
    this.#ask(methods.listTools, {}, (list) => this.#host.listed(list));
  }

  /** The ids can be those of no client. */
  #ask(method: string, params: JsonObject, take: (answer: ResponseFrame) => void = () => undefined): void {
    const id = `mcp-gateway:${nanoid()}`;
    this.#waiting.set(id, take);
    this.#host.ask({ kind: "request", id, method, params, line: requestLine(id, method, JSON.stringify(params)) });
  }
}

/** Of a client that never said `initialize` itself, as one that opened a new stream and goes on where it was. */
export function plainRecord(clientVersion: string): SessionRecord {
  const clientInfo = { name: "mcp-gateway", version: clientVersion };
  const params = { protocolVersion: NEWEST_LEGACY_REVISION, capabilities: {}, clientInfo };
  return {
    initialize: requestLine(`mcp-gateway:${nanoid()}`, methods.initialize, JSON.stringify(params)),
  };
}
