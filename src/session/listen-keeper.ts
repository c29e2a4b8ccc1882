import type { JsonObject } from "../lib/json.ts";
import { canSubscribe, honoredUris, listenFilter, subscriptionIdIn } from "../protocol/eras/listening.ts";
import { modernCodes, modernMethods } from "../protocol/eras/modern.ts";
import { guarded, type Emit } from "../protocol/events.ts";
import type { NotificationFrame, ResponseFrame } from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import { errorOf } from "../protocol/result-text.ts";
import { freshId } from "./open-calls.ts";

export interface ListenHost {
  readonly server: string;
  readonly emit: Emit;
  /** Sends a request of the gateway's own, or a notification. */
  request(id: string, method: string, params: JsonObject): void;
  notify(method: string, params: JsonObject): void;
  /** Responds to a request of the client. */
  succeed(id: RequestId): void;
  fail(id: RequestId, code: number, message: string): void;
}

interface Listen {
  readonly id: string;
  readonly uris: readonly string[];
}

const ENDED = "The server ended the subscription";
const MAX_URIS = 1_000;
/** Of all of them together: they are repeated whenever one is added. */
const MAX_CHARACTERS = 64 * 1024;
const MAX_WAITING = 512;
/** A listen that the server ended is opened again, each time after twice as long. */
const REOPEN_MS = 1_000;
const MAX_REOPENINGS = 6;
/** One that was open for so long did not end because of what it asked for. */
const STABLE_MS = 60_000;

/**
 * Keeps one `subscriptions/listen` open for what a legacy client hears without asking (MCP 2026-07-28, subscriptions). When its
 * filter changes, a new one replaces it as soon as the server has acknowledged that: nothing is missed, nothing comes twice.
 */
export class ListenKeeper {
  readonly #host: ListenHost;
  readonly #capabilities: JsonObject;
  readonly #uris = new Set<string>();
  /** Requests to subscribe that wait for an acknowledgement, with their resource. */
  readonly #waiting = new Map<RequestId, string>();
  #current: Listen | undefined;
  #pending: Listen | undefined;
  #isStale = false;
  #reopenings = 0;
  #openedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(capabilities: JsonObject, host: ListenHost) {
    this.#capabilities = capabilities;
    this.#host = host;
  }

  /** Listens for what the client hears in any case. */
  start(): void {
    this.#update();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  subscribe(id: RequestId, uri: unknown): void {
    if (!canSubscribe(this.#capabilities)) return this.#host.fail(id, modernCodes.methodNotFound, "Method not found");
    if (typeof uri !== "string") return this.#host.fail(id, modernCodes.invalidParams, "uri must be a string");
    if (this.#uris.has(uri) && this.#current?.uris.includes(uri) === true) return this.#host.succeed(id);
    if (!this.#hasRoomFor(uri))
      return this.#host.fail(id, modernCodes.invalidParams, "Too many resources are subscribed to");
    this.#uris.add(uri);
    this.#waiting.set(id, uri);
    this.#update();
  }

  unsubscribe(id: RequestId, uri: unknown): void {
    if (!canSubscribe(this.#capabilities)) return this.#host.fail(id, modernCodes.methodNotFound, "Method not found");
    if (typeof uri === "string" && this.#uris.delete(uri)) {
      this.#answerWaiting([uri], () => undefined);
      this.#update();
    }
    this.#host.succeed(id);
  }

  /** The client no longer waits for this request. */
  forget(id: RequestId): boolean {
    return this.#waiting.delete(id);
  }

  /** True when the response is to a listen. */
  takesResponse(frame: ResponseFrame): boolean {
    return this.takesFailure(frame.id, frame.failed ? errorOf(frame.line).message : ENDED);
  }

  /** True when the id is that of a listen, which has ended then. */
  takesFailure(id: RequestId | undefined, why: string): boolean {
    if (id === undefined || (id !== this.#current?.id && id !== this.#pending?.id)) return false;
    this.#onEnded(id, why);
    return true;
  }

  /** Whether the client is to be told of this: not of what belongs to a listen that was replaced, or to listening itself. */
  admits(frame: NotificationFrame): boolean {
    const id = subscriptionIdIn(frame.params);
    if (frame.method === modernMethods.acknowledged) {
      this.#onAcknowledged(frame, id);
      return false;
    }
    if (frame.method === methods.cancelled) {
      this.#onEnded(frame.params?.["requestId"], ENDED);
      return false;
    }
    return id === undefined || id === this.#current?.id;
  }

  #hasRoomFor(uri: string): boolean {
    let characters = uri.length;
    for (const known of this.#uris) characters += known.length;
    return this.#uris.size < MAX_URIS && this.#waiting.size < MAX_WAITING && characters <= MAX_CHARACTERS;
  }

  #update(): void {
    if (this.#pending !== undefined) {
      this.#isStale = true;
      return;
    }
    const uris = [...this.#uris];
    const notifications = listenFilter(this.#capabilities, uris);
    if (Object.keys(notifications).length === 0) return this.#replace(undefined);
    this.#pending = { id: freshId(), uris };
    this.#host.request(this.#pending.id, modernMethods.listen, { notifications });
  }

  #onAcknowledged(frame: NotificationFrame, id: unknown): void {
    const listen = this.#pending;
    if (listen === undefined || listen.id !== id) return;
    this.#pending = undefined;
    this.#openedAt = performance.now();
    this.#replace(listen);
    const honored = honoredUris(frame);
    this.#answerWaiting(listen.uris, (uri) =>
      honored.includes(uri) ? undefined : `The server does not watch ${uri.slice(0, 200)}`,
    );
    this.#catchUp();
  }

  #replace(listen: Listen | undefined): void {
    const before = this.#current;
    this.#current = listen;
    if (before !== undefined) this.#host.notify(methods.cancelled, { requestId: before.id });
  }

  /** Answers those who wait for one of these resources; `whyNot` is the reason of a refusal. */
  #answerWaiting(uris: readonly string[], whyNot: (uri: string) => string | undefined): void {
    for (const [id, uri] of this.#waiting) {
      if (!uris.includes(uri)) continue;
      this.#waiting.delete(id);
      const why = whyNot(uri);
      if (why === undefined) this.#host.succeed(id);
      else {
        this.#uris.delete(uri);
        this.#host.fail(id, modernCodes.invalidParams, why);
      }
    }
  }

  #onEnded(id: unknown, why: string): void {
    if (id !== undefined && id === this.#pending?.id) {
      const listen = this.#pending;
      this.#pending = undefined;
      this.#answerWaiting(listen.uris, () => why);
      return this.#catchUp();
    }
    if (id === undefined || id !== this.#current?.id) return;
    this.#current = undefined;
    if (performance.now() - this.#openedAt >= STABLE_MS) this.#reopenings = 0;
    if (this.#reopenings >= MAX_REOPENINGS) return;
    const ms = REOPEN_MS * 2 ** this.#reopenings++;
    const what = `a subscription to "${this.#host.server}" could not be opened again`;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => guarded(this.#host.emit, what, () => this.#update()), ms).unref();
  }

  /** The filter has changed while a listen was being opened. */
  #catchUp(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    this.#update();
  }
}
