import { attempt } from "../../lib/attempt.ts";
import type { HeaderParam } from "../../protocol/eras/param-headers.ts";
import { methods } from "../../protocol/methods.ts";
import type { NotificationFrame } from "../../protocol/frame.ts";
import type { Cancel } from "../../protocol/modern-call.ts";
import type { CallerHeaders } from "../../protocol/upstream.ts";
import { ModernSession, type ModernSessionOptions, type PassedCall } from "./modern-session.ts";
import { ToolHeaders } from "./tool-headers.ts";

export interface CallerOptions extends Pick<
  ModernSessionOptions,
  "sessions" | "principal" | "server" | "connect" | "maxListens"
> {
  /** How long the server may take to list its tools. */
  readonly listingMs: number;
  /** Whether the server may ask these clients something. */
  readonly isAskable: boolean;
  /** How long a process that is not the only one is kept without a call. */
  readonly extraIdleMs: number;
  readonly onFilled: () => void;
  readonly onEmpty: () => void;
}

/** The processes of one server for one caller, and for one set of things that it can be asked. */
export class CallerProcesses {
  readonly #headers: ToolHeaders;
  readonly #options: CallerOptions;
  /** Last used last. */
  readonly #sessions = new Set<ModernSession>();

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#headers = new ToolHeaders(options.server, options.listingMs);
  }

  get isAskable(): boolean {
    return this.#options.isAskable;
  }

  /** The process for a call that is asked nothing: the oldest, so that all see the same state. */
  shared(requestId: string): ModernSession {
    for (const session of this.#sessions) if (!session.isSingle) return session;
    return this.#start(requestId, false);
  }

  /** A process for a call that may be asked something, and in which no other such call runs. */
  free(requestId: string): ModernSession {
    for (const session of this.#sessions) if (!session.isSingle && session.isFree) return session;
    return this.#start(requestId, false);
  }

  single(requestId: string): ModernSession {
    return this.#start(requestId, true);
  }

  withId(id: string): ModernSession | undefined {
    for (const found of this.#sessions) if (found.session.id === id) return found;
    return undefined;
  }

  /** The arguments that a tool wants repeated in headers. */
  paramsOf(
    tool: string,
    choose: () => ModernSession,
    caller: CallerHeaders | undefined,
  ): readonly HeaderParam[] | Promise<readonly HeaderParam[]> {
    return this.#headers.of(tool, (call) => this.call(choose, { ...call, caller }));
  }

  /** Passes a call on. A process that was started for it ends if it is refused. */
  call(choose: () => ModernSession, call: PassedCall): Cancel | Promise<Cancel> {
    const before = this.#sessions.size;
    const session = choose();
    const isNew = this.#sessions.size > before;
    return attempt(
      () => session.call(call),
      (error) => {
        if (isNew && session.isUnused) void session.session.close("refused");
        throw error;
      },
    );
  }

  #start(requestId: string, isSingle: boolean): ModernSession {
    const session: ModernSession = new ModernSession({
      ...this.#options,
      requestId,
      isSingle,
      // The first one keeps the state that the caller has built up; others are there for calls at the same time.
      idleMs: this.#sessions.size === 0 && !isSingle ? undefined : this.#options.extraIdleMs,
      onAnnounced: (frame) => this.#announce(session, frame),
      onEnded: () => {
        this.#sessions.delete(session);
        if (this.#sessions.size === 0) this.#options.onEmpty();
      },
    });
    if (this.#sessions.size === 0) this.#options.onFilled();
    this.#sessions.add(session);
    return session;
  }

  /** What one process announces concerns those who listen in another. */
  #announce(source: ModernSession, frame: NotificationFrame): void {
    if (frame.method === methods.toolsChanged) this.#headers.changed();
    for (const session of this.#sessions) if (session !== source) session.announce(frame);
  }
}
