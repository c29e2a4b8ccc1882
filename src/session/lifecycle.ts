import { GatewayError } from "../protocol/errors.ts";
import type { EndReason, Transport } from "../protocol/session.ts";
import type { SessionParts } from "./session-parts.ts";

/** Whether sessions of this transport are known to their clients, who go on with them when the process is gone. */
export const isLasting = (transport: Transport): boolean => transport !== "rest" && transport !== "modern";

/** How a session loses its process, and how it ends. */
export class Lifecycle {
  readonly #parts: SessionParts;
  readonly #stopServer: () => Promise<void>;
  #isOver = false;
  #over: Promise<void> = Promise.resolve();

  /** `stopServer` resolves when the process is gone. */
  constructor(parts: SessionParts, stopServer: () => Promise<void>) {
    this.#parts = parts;
    this.#stopServer = stopServer;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the session can continue without its process. */
  get canHibernate(): boolean {
    const { recorder, settings, session } = this.#parts;
    return recorder.record !== undefined && !settings.isStateful && isLasting(session.transport);
  }

  /** The process has exited, or must be ended: the session hibernates if it can, else it ends. Resolves when the process is gone. */
  loseProcess(reason: EndReason, error: GatewayError | undefined): Promise<void> {
    if (this.#isOver) return this.#over;
    if (!this.canHibernate) return this.end(reason, error);
    const { session, context, reporter } = this.#parts;
    this.#failAll(error ?? new GatewayError("session_ended", `The server of this session was ended (${reason}).`));
    reporter.hibernated(reason);
    const ended = this.#endProcess();
    context.host.onHibernated(session, ended);
    return ended;
  }

  /** Resolves when the process is gone. */
  end(reason: EndReason, error: GatewayError | undefined): Promise<void> {
    if (!this.#isOver) {
      // Set first, because an outlet may close its session again from within `ended`.
      this.#isOver = true;
      this.#over = this.#end(reason, error);
      this.#parts.context.host.onClosing(this.#parts.session, reason, this.#over);
    }
    return this.#over;
  }

  /** Discards the session; only its record remains. */
  drop(reason: EndReason): void {
    this.#isOver = true;
    this.#parts.reporter.dropped(reason);
  }

  /** The process must be ended even if telling the client fails. */
  #end(reason: EndReason, error: GatewayError | undefined): Promise<void> {
    const { outlet, reporter } = this.#parts;
    this.#failAll(error ?? new GatewayError("session_ended", `The session ended (${reason}).`));
    reporter.guard(() => outlet.ended(reason, error));
    reporter.closed(reason);
    return this.#endProcess();
  }

  #failAll(error: GatewayError): void {
    const { exchanges, reporter } = this.#parts;
    for (const { id } of exchanges.all()) reporter.guard(() => exchanges.fail(id, error));
  }

  async #endProcess(): Promise<void> {
    try {
      await this.#stopServer();
    } catch (cause) {
      const { reporter, session } = this.#parts;
      reporter.trouble(`a process of "${session.server}" could not be ended`, cause);
    }
  }
}
