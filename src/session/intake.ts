import type { Admission, Submission } from "../protocol/admission.ts";
import type { ClientMessages } from "../protocol/client-frame.ts";
import { GatewayError, toGatewayError } from "../protocol/errors.ts";
import type { Reception } from "../protocol/session.ts";
import type { SessionKey } from "./context.ts";

/** What the session does with messages. Both throw a GatewayError when it cannot take them. */
export interface IntakeHost {
  /** Checks them against the state of the session. */
  check(messages: ClientMessages, reception: Reception): void;
  relay(messages: ClientMessages, reception: Reception, submission: Submission | undefined): void;
  /** Answers every request among them with this error, without relaying any. */
  answer(messages: ClientMessages, reception: Reception, error: GatewayError): void;
}

/**
 * Asks the admission about the messages of a client before the session relays them. Messages that have to wait for their
 * admission are relayed in the order in which they came, and so is what comes behind them.
 */
export class Intake {
  readonly #session: SessionKey;
  readonly #admission: Admission;
  readonly #host: IntakeHost;
  readonly #maxWaiting: number;
  #waiting = 0;
  /** Settles, without an error, when the last of those that wait have been relayed or refused. */
  #last: Promise<void> = Promise.resolve();

  constructor(session: SessionKey, admission: Admission, host: IntakeHost, maxWaiting: number) {
    this.#session = session;
    this.#admission = admission;
    this.#host = host;
    this.#maxWaiting = maxWaiting;
  }

  take(messages: ClientMessages, reception: Reception): Promise<void> | void {
    const submission = reception.isOwn === true ? undefined : this.#submission(messages, reception);
    try {
      this.#host.check(messages, reception);
      const answer = submission === undefined ? undefined : this.#admission.admit(submission);
      const asked = answer instanceof Promise ? answer : undefined;
      if (asked === undefined && this.#waiting === 0) return this.#host.relay(messages, reception, submission);
      return this.#wait(asked, messages, reception, submission);
    } catch (error) {
      this.#refuse(error, messages, reception, submission);
    }
  }

  #refuse(thrown: unknown, messages: ClientMessages, reception: Reception, submission: Submission | undefined): void {
    const error = toGatewayError(thrown);
    if (submission !== undefined) this.#admission.refused(submission, error);
    if (error.details.isAnswer !== true || this.#session.transport === "rest") throw thrown;
    this.#host.answer(messages, reception, error);
  }

  #submission(messages: ClientMessages, reception: Reception): Submission {
    const { server, id: sessionId, transport } = this.#session;
    const principal = reception.principal ?? this.#session.principal;
    return { principal, server, sessionId, transport, messages, reception };
  }

  #wait(
    asked: Promise<void> | undefined,
    messages: ClientMessages,
    reception: Reception,
    submission: Submission | undefined,
  ): Promise<void> {
    if (this.#waiting >= this.#maxWaiting) {
      // It may still be refused, to which nobody listens then.
      asked?.catch(() => undefined);
      const message = `A session may have at most ${this.#maxWaiting} messages that wait to be admitted.`;
      throw new GatewayError("queue_full", message, { retryAfterMs: 1_000 });
    }
    this.#waiting++;
    const before = this.#last;
    const relayed = this.#relayAfter(before, asked, () => {
      // The session may have changed meanwhile.
      this.#host.check(messages, reception);
      this.#host.relay(messages, reception, submission);
    }).catch((error: unknown) => this.#refuse(error, messages, reception, submission));
    this.#last = relayed.catch(() => undefined);
    return relayed;
  }

  async #relayAfter(before: Promise<void>, asked: Promise<void> | undefined, relay: () => void): Promise<void> {
    try {
      const [, admitted] = await Promise.allSettled([before, asked]);
      if (admitted.status === "rejected") throw admitted.reason;
    } finally {
      this.#waiting--;
    }
    relay();
  }
}
