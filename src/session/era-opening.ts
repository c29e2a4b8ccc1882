import { nanoid } from "nanoid";
import type { JsonObject } from "../lib/json.ts";
import { byteLength } from "../lib/lines.ts";
import { clientFactsIn, discoveredIn, envelopeOf, mayBeModern, namesModern } from "../protocol/eras/discover.ts";
import { withResponseId } from "../protocol/eras/ids.ts";
import { modernMethods } from "../protocol/eras/modern.ts";
import { GatewayError } from "../protocol/errors.ts";
import { guarded, type Emit } from "../protocol/events.ts";
import { faultFrame } from "../protocol/fault-frame.ts";
import type { Frame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { requestLine, resultLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { UpstreamListener } from "../protocol/upstream.ts";
import { startingError } from "../protocol/starting-error.ts";
import type { ServerEras } from "./server-eras.ts";

/** A server that turned out to speak the modern revision only. */
export interface Opened {
  /** The client's, still without a response. */
  readonly initialize: RequestFrame;
  readonly discovered: JsonObject;
  /** What the client sent since, already relayed, to no effect. */
  readonly relayed: readonly Frame[];
  /** What the client sent since, not relayed yet. */
  readonly held: readonly Frame[];
}

export interface OpeningHost {
  readonly server: string;
  readonly eras: ServerEras;
  readonly heldBytes: number;
  readonly emit: Emit;
  readonly listener: UpstreamListener;
  send(frame: Frame): void;
  /** The server speaks to the client as it is. */
  legacy(): void;
  modern(opened: Opened): void;
  /** Starts another process; false when that is not possible. */
  reconnect(): boolean;
}

/** A server that refused `initialize` without naming a revision need not answer `server/discover` at all. */
const ASK_MS = 2_000;

/**
 * Finds out whether a server accepts a legacy client: it is sent the client's `initialize`, and only if it refuses that,
 * `server/discover` on the same process (MCP 2026-07-28, versioning). One that is known to be modern is asked that first.
 */
export class EraOpening {
  readonly #host: OpeningHost;
  readonly #discoverId = `mcp-gateway:${nanoid()}`;
  readonly #relayed: Frame[] = [];
  readonly #held: Frame[] = [];
  #heldBytes = 0;
  #initialize: RequestFrame | undefined;
  #isAsking = false;
  /** The server's answer to `initialize`; undefined when it was not sent, because the server is known to be modern. */
  #refusal: ResponseFrame | undefined;
  #hasReconnected = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: OpeningHost) {
    this.#host = host;
  }

  checkRoom(): void {
    if (this.#heldBytes <= this.#host.heldBytes) return;
    throw startingError(this.#host.server);
  }

  /** The session ends. */
  close(): void {
    clearTimeout(this.#timer);
    // What was known did not help.
    if (this.#isAsking && this.#refusal === undefined) this.#host.eras.forget(this.#host.server);
  }

  fromClient(frame: Frame): void {
    if (this.#initialize !== undefined) return this.#keep(frame);
    const isModern = this.#isKnownModern;
    if (frame.kind === "request" && frame.method === methods.initialize) {
      this.#initialize = frame;
      return isModern ? this.#ask() : this.#host.send(frame);
    }
    // May precede `initialize` (MCP, lifecycle), and is unknown to a modern server.
    if (isModern && frame.kind === "request" && frame.method === methods.ping) return this.#pong(frame.id);
    this.#host.send(frame);
  }

  fromServer(frame: Frame): void {
    if (frame.kind !== "response") {
      if (!this.#isAsking) this.#host.listener.frame(frame);
      return;
    }
    if (this.#isAsking) {
      if (frame.id === this.#discoverId) this.#onDiscovered(frame);
      return;
    }
    if (this.#initialize === undefined && namesModern(frame)) return this.#pong(frame.id);
    if (frame.id !== this.#initialize?.id) return this.#host.listener.frame(frame);
    if (!frame.failed) {
      this.#host.eras.learn(this.#host.server, { legacy: true });
      return this.#settle(frame);
    }
    this.#onRefused(frame);
  }

  /** True when it is nothing that the client waits for. */
  takesBadMessage(id: RequestId | undefined, error: GatewayError): boolean {
    if (!this.#isAsking) return false;
    if (id === this.#discoverId) this.#onNotModern(() => this.#host.listener.badMessage(this.#initialize?.id, error));
    return true;
  }

  /** The process has ended. True when another one takes its place. */
  takesEnd(): boolean {
    clearTimeout(this.#timer);
    const { server, eras, listener } = this.#host;
    if (!this.#isAsking) return false;
    if (this.#refusal === undefined) {
      eras.forget(server);
      return false;
    }
    if (!namesModern(this.#refusal)) {
      listener.frame(this.#refusal);
      return false;
    }
    if (this.#hasReconnected) return false;
    this.#hasReconnected = true;
    if (this.#host.reconnect()) this.#sendDiscover();
    return true;
  }

  get #isKnownModern(): boolean {
    const { eras, server } = this.#host;
    return eras.speaks(server, "modern") === true && eras.speaks(server, "legacy") === false;
  }

  /** The client does not wait for the response to its `initialize`. */
  #keep(frame: Frame): void {
    this.#heldBytes += byteLength(frame.line);
    if (this.#isAsking) return void this.#held.push(frame);
    this.#relayed.push(frame);
    this.#host.send(frame);
  }

  #onRefused(refusal: ResponseFrame): void {
    if (!mayBeModern(refusal)) return this.#settle(refusal);
    this.#refusal = refusal;
    if (!namesModern(refusal)) {
      const what = `the era of "${this.#host.server}" could not be found out`;
      this.#timer = setTimeout(() => guarded(this.#host.emit, what, () => this.#settle(refusal)), ASK_MS);
    }
    this.#ask();
  }

  #ask(): void {
    this.#isAsking = true;
    this.#sendDiscover();
  }

  #sendDiscover(): void {
    const method = modernMethods.discover;
    const params = { _meta: envelopeOf(clientFactsIn(this.#initialize?.params)) };
    const line = requestLine(this.#discoverId, method, JSON.stringify(params));
    this.#host.send({ kind: "request", id: this.#discoverId, method, params, line });
  }

  #onDiscovered(answer: ResponseFrame): void {
    clearTimeout(this.#timer);
    const discovered = discoveredIn(answer);
    const initialize = this.#initialize;
    if (discovered === undefined || initialize === undefined) return this.#onNotModern(() => this.#refuseWith(answer));
    const { eras, server } = this.#host;
    eras.learn(server, { legacy: false, modern: true });
    this.#host.modern({ initialize, discovered, relayed: this.#relayed, held: this.#held });
  }

  /** `refuse` tells the client, if there is nothing left to try. */
  #onNotModern(refuse: () => void): void {
    const { eras, server } = this.#host;
    eras.learn(server, { modern: false });
    const initialize = this.#initialize;
    if (this.#refusal !== undefined) return this.#settle(this.#refusal);
    if (eras.isSetTo(server, "modern") || initialize === undefined) {
      this.#host.legacy();
      return refuse();
    }
    // The server has changed since it was found to be modern.
    eras.learn(server, { legacy: true });
    this.#isAsking = false;
    this.#host.send(initialize);
    for (const frame of this.#held.splice(0)) {
      this.#relayed.push(frame);
      this.#host.send(frame);
    }
  }

  /** The server was to be modern and is not: its answer to `server/discover` is the one to `initialize`. */
  #refuseWith(answer: ResponseFrame): void {
    const { listener, server } = this.#host;
    const id = this.#initialize?.id;
    if (answer.failed && id !== undefined) return listener.frame(withResponseId(answer, id));
    const message = `The MCP server "${server}" is configured as modern, and does not speak MCP 2026-07-28.`;
    if (id !== undefined) listener.frame(faultFrame(id, new GatewayError("protocol_violation", message)));
  }

  #settle(answer: ResponseFrame): void {
    clearTimeout(this.#timer);
    this.#host.legacy();
    this.#host.listener.frame(answer);
  }

  #pong(id: RequestId): void {
    this.#host.listener.frame({ kind: "response", id, failed: false, line: resultLine(id, {}) });
  }
}
