import { attempt } from "../../lib/attempt.ts";
import { member } from "../../lib/json.ts";
import { cancellation } from "../../protocol/cancellation.ts";
import { withIds } from "../../protocol/eras/ids.ts";
import { metaKeys, modernMethods } from "../../protocol/eras/modern.ts";
import type { RequestEnvelope } from "../../protocol/eras/modern-request.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { Reply } from "../../protocol/exchange.ts";
import { isProgressToken, type Frame, type NotificationFrame, type RequestFrame } from "../../protocol/frame.ts";
import { errorLine, type RequestId } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import type { Cancel } from "../../protocol/modern-call.ts";
import type { Principal } from "../../protocol/principal.ts";
import type { Quota } from "../../protocol/quota.ts";
import type { Outlet, Reception, Session, SessionOpener } from "../../protocol/session.ts";
import type { CallerHeaders, Connect, Upstream } from "../../protocol/upstream.ts";
import { CallReply } from "./call-reply.ts";

/** What connects a session to its server, if it does more than pass lines on. */
export interface Translation extends Upstream {
  /** Whether a call of it waits for its client's answers. */
  readonly isParked: boolean;
  /** Another process of the same caller has announced this. */
  announce(frame: NotificationFrame): void;
}

export interface ModernSessionOptions {
  readonly sessions: SessionOpener;
  readonly principal: Principal;
  readonly server: string;
  readonly requestId: string;
  /** Connects to the server itself, or to a translation. */
  readonly connect: (
    ...args: [...Parameters<Connect>, processId: string, onGivenUp: () => void]
  ) => Upstream | Translation;
  /** How many listens may be open at once. */
  readonly maxListens: number;
  /** After this time without a call it ends; by default after limits.idle. */
  readonly idleMs: number | undefined;
  /** It serves one call only. */
  readonly isSingle: boolean;
  /** Something that listens in all processes of this caller should be told. */
  readonly onAnnounced: (frame: NotificationFrame) => void;
  readonly onEnded: () => void;
}

/** A request that is passed on. */
export interface PassedCall {
  readonly frame: RequestFrame;
  readonly envelope: RequestEnvelope;
  readonly reply: Reply;
  readonly requestId: string;
  /** Who sent this HTTP request: the principal of the session, but perhaps with newer claims. */
  readonly principal?: Principal | undefined;
  readonly onQuota?: ((quota: Quota) => void) | undefined;
  readonly caller?: CallerHeaders | undefined;
  /** The server may ask the client something meanwhile: nothing else that may do so runs in this process. */
  readonly isExclusive?: boolean;
  readonly isOwn?: boolean;
  readonly timeoutMs?: number;
}

/** A session that no client knows of: one process, shared by the calls of one principal. */
export class ModernSession implements Outlet {
  /** Always connected, because it is part of the gateway. */
  readonly isConnected = true;
  readonly session: Session;
  readonly isSingle: boolean;
  readonly #options: ModernSessionOptions;
  /** By the id that the server sees. */
  readonly #calls = new Map<RequestId, CallReply>();
  #listens = 0;
  #lastId = 0;
  /** Of the latest call: all that share a process are the same to the server. */
  #caller: CallerHeaders | undefined;
  #exclusive = 0;
  #translation: Translation | undefined;
  #isOver = false;

  constructor(options: ModernSessionOptions) {
    this.#options = options;
    this.isSingle = options.isSingle;
    const { sessions, principal, server, requestId } = options;
    const connect: Connect = (destination, listener) => {
      const upstream = options.connect(destination, listener, this.session.id, () => this.#onGivenUp());
      if ("isParked" in upstream) this.#translation = upstream;
      return upstream;
    };
    const { idleMs } = options;
    this.session = sessions.open({
      principal,
      server,
      requestId,
      transport: "modern",
      outlet: () => this,
      connect,
      idleMs,
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Nothing waits in it. */
  get isUnused(): boolean {
    return this.#calls.size === 0;
  }

  /** Whether a call that may be asked something can run here. */
  get isFree(): boolean {
    return this.#exclusive === 0 && this.#translation?.isParked !== true;
  }

  /** Throws or rejects when it is refused. */
  call(call: PassedCall): Cancel | Promise<Cancel> {
    const { frame, envelope, reply, requestId, principal, onQuota, caller, isOwn, isExclusive = false } = call;
    const isListen = frame.method === modernMethods.listen;
    if (isListen) this.#checkListens();
    const id = ++this.#lastId;
    const passed = withIds(frame, id);
    const token = member(frame.params?.["_meta"], "progressToken");
    let isOver = false;
    // A finished call may be referred to for some time, so this keeps nothing of the request alive.
    const onOver = (): void => {
      if (isOver) return;
      isOver = true;
      this.#calls.delete(id);
      if (isListen) this.#listens--;
      if (isExclusive) this.#exclusive--;
      // What the gateway asks on its own behalf precedes the call.
      if (this.isSingle && isOwn !== true) this.#closeIfDone();
    };
    const own = new CallReply({
      reply,
      id: frame.id,
      token: isProgressToken(token) ? token : undefined,
      logLevel: envelope.logLevel,
      isListen,
      onOver,
    });
    this.#calls.set(id, own);
    this.#caller = caller;
    if (isListen) this.#listens++;
    if (isExclusive) this.#exclusive++;
    const timeoutMs = isListen ? Infinity : call.timeoutMs;
    const reception: Reception = { requestId, principal, onQuota, caller, isOwn, timeoutMs, reply: own };
    const received = this.#receiveOr(onOver, passed, reception);
    const cancel = (): void => {
      if (!isOver) this.#withdraw(id, requestId);
    };
    return received instanceof Promise ? received.then(() => cancel) : cancel;
  }

  /** Passes on what another process of the same caller has announced. */
  announce(frame: NotificationFrame): void {
    this.#translation?.announce(frame);
  }

  deliver(frame: Frame): void {
    if (frame.kind === "request") return this.#decline(frame);
    if (frame.kind === "response") return;
    const subscription = member(frame.params?.["_meta"], metaKeys.subscriptionId);
    if (typeof subscription === "number") return this.#calls.get(subscription)?.tell(frame);
    if (frame.method === methods.message) return this.#log(frame);
    this.#options.onAnnounced(frame);
  }

  /** Every call has failed by then. */
  ended(): void {
    this.#isOver = true;
    this.#options.onEnded();
  }

  /** A log message does not say which call it is about, so that only a call that is alone may have it. */
  #log(frame: NotificationFrame): void {
    if (this.#translation?.isParked === true || this.#calls.size - this.#listens !== 1) return;
    for (const call of this.#calls.values()) if (!call.isListen) call.log(frame);
  }

  #checkListens(): void {
    const { maxListens } = this.#options;
    if (this.#listens < maxListens) return;
    const message = `There may be at most ${maxListens} listens of one caller on one server (limits.listens).`;
    throw new GatewayError("queue_full", message, { retryAfterMs: 10_000 });
  }

  #receiveOr(refused: () => void, frame: Frame, reception: Reception): Promise<void> | void {
    return attempt(
      () => this.#receive(frame, reception),
      (error) => {
        refused();
        throw error;
      },
    );
  }

  #receive(frame: Frame, reception: Reception): Promise<void> | void {
    return this.session.receive({ frames: [frame], isBatch: false }, reception);
  }

  #withdraw(id: number, requestId: string): void {
    this.#tell(cancellation(id, "the client has closed the stream of the request"), requestId);
  }

  /** Servers of MCP 2026-07-28 send no requests. */
  #decline(frame: RequestFrame): void {
    const error = new GatewayError("not_supported", `A server of MCP 2026-07-28 may not send ${frame.method}.`);
    this.#tell({ kind: "response", id: frame.id, failed: true, line: errorLine(frame.id, error) }, "");
  }

  #tell(frame: Frame, requestId: string): void {
    if (this.#isOver) return;
    // The server does not read: the message is dropped.
    const dropped = (error: unknown): void => {
      if (!(error instanceof GatewayError)) throw error;
    };
    try {
      const received = this.#receive(frame, { requestId, caller: this.#caller, isOwn: true });
      if (received instanceof Promise) received.catch(dropped);
    } catch (error) {
      dropped(error);
    }
  }

  /** What it has built up is of no use to anybody, unless it is the process that all calls of its caller share. */
  #onGivenUp(): void {
    if (this.isSingle || this.#options.idleMs !== undefined) this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.#calls.size > 0 || this.#isOver) return;
    // Whether the call is over or parked is known only when its answer has been passed on.
    queueMicrotask(() => {
      if (this.#calls.size === 0 && this.isFree) void this.session.close("client closed");
    });
  }
}
