import { GatewayError } from "../protocol/errors.ts";
import type { EndReason } from "../protocol/session.ts";
import type { SessionParts } from "./session-parts.ts";

/** How a session loses its process, and how it ends. */
export class Lifecycle {
  readonly #parts: SessionParts;
  readonly #stopServer: () => Promise<void>;
  #isOver = false;
  #over: Promise<void> = Promise.resolve();

  /** `stopServer` resolves when nothing of it is left. */
  constructor(parts: SessionParts, stopServer: () => Promise<void>) {
    this.#parts = parts;
    this.#stopServer = stopServer;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** May its process end while the session goes on? */
  get canHibernate(): boolean {
    const { recorder, settings, session } = this.#parts;
    return recorder.record !== undefined && !settings.isStateful && session.transport !== "rest";
  }

  /** Its process is gone, or must go: without one it hibernates when it can, and ends when it cannot. */
  loseProcess(reason: EndReason, error: GatewayError | undefined): void {
    if (this.#isOver) return;
    if (!this.canHibernate) return void this.end(reason, error);
    const { session, context, reporter } = this.#parts;
    this.#failAll(error ?? new GatewayError("session_ended", `The server of this session was ended (${reason}).`));
    reporter.hibernated(reason);
    context.host.onHibernated(session, this.#endProcess());
  }

  /** Resolves when nothing of its server is left. */
  end(reason: EndReason, error: GatewayError | undefined): Promise<void> {
    if (!this.#isOver) {
      // Before anything else, as an outlet may close its session again from within `ended`.
      this.#isOver = true;
      this.#over = this.#end(reason, error);
      this.#parts.context.host.onClosing(this.#parts.session, reason, this.#over);
    }
    return this.#over;
  }

  /** Nothing is left of it but its record. */
  drop(): void {
    this.#isOver = true;
  }

  /** Its server must end whatever becomes of the client's side. */
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
