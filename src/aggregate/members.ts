import { isObject, type JsonObject } from "../lib/json.ts";
import { NEWEST_LEGACY_REVISION } from "../protocol/eras/revisions.ts";
import type { GatewayError } from "../protocol/errors.ts";
import type { Emit } from "../protocol/events.ts";
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { notificationLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { Guest, ProcessRoom } from "../protocol/session.ts";
import type { CallerHeaders, Connect, Destination, OpenRequest } from "../protocol/upstream.ts";
import { withUri } from "./addressing.ts";
import type { LinkTimes } from "./link-errors.ts";
import { MemberLink } from "./member-link.ts";
import type { Aim } from "./naming.ts";
import { ServerAsks } from "./server-asks.ts";
import { Subscriptions } from "./subscriptions.ts";

export interface MemberOptions {
  readonly connect: Connect;
  /** Of the session; each server has its own name in its place. */
  readonly destination: Destination;
  readonly room: ProcessRoom;
  readonly timesOf: (server: string) => LinkTimes;
  /** Whether a session must end with the process of this server. */
  readonly isStateful: (server: string) => boolean;
  readonly heldBytes: number;
  readonly emit: Emit;
  readonly deliver: (frame: Frame) => void;
  readonly failed: (id: RequestId, error: GatewayError, open?: OpenRequest) => void;
  /** A process with state that cannot be had again is gone. */
  readonly lost: (error: GatewayError) => void;
  readonly listsChanged: (server: string) => void;
  /** The connection to a server is gone. */
  readonly left: (server: string) => void;
}

interface Place {
  readonly link: MemberLink;
  readonly guest: Guest;
}

const LIST_CHANGES: ReadonlySet<string> = new Set([
  methods.toolsChanged,
  methods.promptsChanged,
  methods.resourcesChanged,
]);

/** The connections of a session to the servers behind its endpoint: each is made at its first use, and again after it has ended. */
export class Members {
  /** What a server is initialized with: the params of the client's `initialize`. */
  initialize: JsonObject = {
    protocolVersion: NEWEST_LEGACY_REVISION,
    capabilities: {},
    clientInfo: { name: "mcp-gateway", version: "0" },
  };
  readonly #options: MemberOptions;
  readonly #places = new Map<string, Place>();
  readonly #asks = new ServerAsks<MemberLink>();
  readonly #subscriptions = new Subscriptions();
  /** Processes that are being ended. */
  readonly #endings = new Set<Promise<void>>();
  #level: string | undefined;
  #isPaused = false;

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  /** Throws a GatewayError when it cannot be sent. */
  send(server: string, frame: Frame, caller: CallerHeaders | undefined): void {
    this.linkTo(server, caller).send(frame, caller);
  }

  /** The connection to a server, if there is one. */
  openLink(server: string): MemberLink | undefined {
    return this.#places.get(server)?.link;
  }

  /** Throws when the server refuses, or when there is no room for another process. */
  linkTo(server: string, caller: CallerHeaders | undefined): MemberLink {
    return this.#places.get(server)?.link ?? this.#open(server, caller);
  }

  /** What a request changes about the subscriptions, which a new process is told of. */
  noteSubscription({ method, params }: RequestFrame, { server, name }: Aim): void {
    const uri = params?.["uri"];
    if (typeof uri !== "string") return;
    if (method === methods.subscribe) this.#subscriptions.add(uri, server, name);
    if (method === methods.unsubscribe) this.#subscriptions.remove(uri);
  }

  setLevel(level: string): void {
    this.#level = level;
    for (const { link } of this.#places.values()) link.setLevel(level);
  }

  /** The client has responded to what a server has asked. */
  answered(frame: ResponseFrame, caller: CallerHeaders | undefined): void {
    this.#reply(this.#asks.answer(frame), caller);
  }

  progressed(frame: NotificationFrame, caller: CallerHeaders | undefined): void {
    this.#reply(this.#asks.progress(frame), caller);
  }

  /** The client does not wait any more for the answer to a request. */
  cancel(id: RequestId, frame: NotificationFrame, caller: CallerHeaders | undefined): void {
    for (const { link } of this.#places.values()) {
      if (!link.has(id)) continue;
      link.forget(id);
      return this.#reply({ link, frame }, caller);
    }
  }

  tellAll(frame: NotificationFrame, caller: CallerHeaders | undefined): void {
    for (const { link } of this.#places.values()) this.#reply({ link, frame }, caller);
  }

  pause(): void {
    this.#isPaused = true;
    for (const { link } of this.#places.values()) link.pause();
  }

  resume(): void {
    this.#isPaused = false;
    for (const { link } of this.#places.values()) link.resume();
  }

  /** Resolves when all processes are gone. */
  async close(): Promise<void> {
    for (const [server, { link }] of this.#places) this.#remove(server, link);
    await Promise.all(this.#endings);
  }

  #open(server: string, caller: CallerHeaders | undefined): MemberLink {
    const { room, destination, connect, timesOf, heldBytes, emit, failed } = this.#options;
    const link: MemberLink = new MemberLink({
      connect,
      destination: { ...destination, server, caller: caller ?? destination.caller },
      facts: () => ({ initialize: this.initialize, level: this.#level, subscriptions: this.#subscriptions.of(server) }),
      times: timesOf(server),
      heldBytes,
      emit,
      isAsking: () => this.#asks.has(link),
      frame: (frame) => this.#onFrame(link, frame),
      failed,
      ended: (error) => this.#onEnded(server, link, error),
    });
    const guest: Guest = {
      principal: destination.principal,
      server,
      presence: { isConnected: true, isInitialized: true, idleMs: (now) => link.idleMs(now) },
      evict: () => link.evict(),
    };
    room.enter(guest);
    this.#places.set(server, { link, guest });
    try {
      link.start();
    } catch (thrown) {
      this.#remove(server, link);
      throw thrown;
    }
    if (this.#isPaused) link.pause();
    return link;
  }

  #onFrame(link: MemberLink, frame: Frame): void {
    const { deliver } = this.#options;
    if (frame.kind === "response") return deliver(frame);
    if (frame.kind === "request") return deliver(this.#asks.ask(link, frame));
    const passed = this.#notice(link, frame);
    if (passed !== undefined) deliver(passed);
  }

  /** A notification as the client gets it; undefined when it is none of its business. */
  #notice(link: MemberLink, frame: NotificationFrame): NotificationFrame | undefined {
    const { method, params } = frame;
    if (LIST_CHANGES.has(method)) this.#options.listsChanged(link.server);
    if (method === methods.cancelled) {
      const requestId = this.#asks.withdraw(link, params?.["requestId"]);
      return requestId === undefined ? undefined : cancellation(requestId, params);
    }
    if (method !== methods.resourceUpdated) return frame;
    const uri = params?.["uri"];
    const publicUri = typeof uri === "string" ? this.#subscriptions.publicUriOf(link.server, uri) : undefined;
    return publicUri === undefined ? frame : withUri(frame, publicUri);
  }

  #onEnded(server: string, link: MemberLink, error: GatewayError | undefined): void {
    this.#remove(server, link);
    const { deliver, isStateful, lost } = this.#options;
    for (const requestId of this.#asks.withdrawAll(link)) deliver(cancellation(requestId, undefined));
    if (error !== undefined && isStateful(server)) lost(error);
  }

  #remove(server: string, link: MemberLink): void {
    const place = this.#places.get(server);
    if (place?.link !== link) return;
    this.#places.delete(server);
    this.#options.left(server);
    this.#options.room.leave(place.guest);
    const ending = link.close().catch((cause: unknown) => {
      this.#options.emit({ type: "trouble", what: `a process of "${server}" could not be ended`, cause });
    });
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }

  /** A server that has no room for what only it is told loses that. */
  #reply(
    to: { readonly link: MemberLink; readonly frame: Frame } | undefined,
    caller: CallerHeaders | undefined,
  ): void {
    if (to === undefined) return;
    try {
      to.link.send(to.frame, caller);
    } catch (cause) {
      this.#options.emit({ type: "trouble", what: `"${to.link.server}" does not read what it is told`, cause });
    }
  }
}

function cancellation(requestId: RequestId, params: JsonObject | undefined): NotificationFrame {
  // The ids that the client knows are numbers.
  const named = { ...(isObject(params) ? params : {}), requestId: Number(requestId) };
  return {
    kind: "notification",
    method: methods.cancelled,
    params: named,
    line: notificationLine(methods.cancelled, named),
  };
}
