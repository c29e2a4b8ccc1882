import type { ClientMessages } from "./client-frame.ts";
import { toGatewayError, type GatewayError } from "./errors.ts";
import type { ExchangeRecord } from "./exchange.ts";
import type { RequestFrame } from "./frame.ts";
import type { Principal } from "./principal.ts";
import type { Reception, Transport } from "./session.ts";

/** The messages of one HTTP body, before they are relayed. */
export interface Submission {
  /** Who sends them: the principal of this HTTP request, which has the id of the session's but may have newer claims. */
  readonly principal: Principal;
  readonly server: string;
  readonly sessionId: string;
  readonly transport: Transport;
  readonly messages: ClientMessages;
  readonly reception: Reception;
}

/** One of the things that are asked about the messages of a client, on every transport: policy, limits, audit. */
export interface AdmissionStep {
  /**
   * Throws or rejects with a GatewayError when one of the messages is refused: then none of them is relayed. Returns a promise
   * only when it has to wait for something; later messages of the session are relayed after these.
   */
  admit?(submission: Submission): Promise<void> | void;
  /**
   * Throws when messages like these would be refused as things are now; counts nothing. Asked before something is started for
   * messages that do not exist yet.
   */
  foresee?(submission: Submission): void;
  /** The messages are not relayed, because of any step, or because the session cannot take them. Must not throw. */
  refused?(submission: Submission, error: GatewayError): void;
  /** A request of admitted messages is about to be relayed. What is returned hears how it ends. Must not throw. */
  open?(submission: Submission, request: RequestFrame): ExchangeRecord | undefined;
}

/** All steps, in the order in which they are asked. */
export interface Admission {
  readonly admit: (submission: Submission) => Promise<void> | void;
  /** Throws, and tells every step, when they would be refused. */
  readonly foresee: (submission: Submission) => void;
  readonly refused: (submission: Submission, error: GatewayError) => void;
  readonly open: (submission: Submission, request: RequestFrame) => readonly ExchangeRecord[];
}

/** Undefined when there is nothing to ask: messages then pass without any of this. */
export function admissionOf(steps: readonly AdmissionStep[]): Admission | undefined {
  if (steps.length === 0) return undefined;
  const recorders = steps.filter(({ open }) => open !== undefined);
  const refused = (submission: Submission, error: GatewayError): void => {
    for (const step of steps) step.refused?.(submission, error);
  };
  return {
    admit: (submission) => askFrom(0, steps, submission),
    foresee: (submission) => {
      try {
        for (const step of steps) step.foresee?.(submission);
      } catch (thrown) {
        refused(submission, toGatewayError(thrown));
        throw thrown;
      }
    },
    refused,
    open: (submission, request) => recordsOf(recorders, submission, request),
  };
}

const NOT_RECORDED: readonly ExchangeRecord[] = [];

function recordsOf(
  steps: readonly AdmissionStep[],
  submission: Submission,
  request: RequestFrame,
): readonly ExchangeRecord[] {
  if (steps.length === 0) return NOT_RECORDED;
  const records: ExchangeRecord[] = [];
  for (const step of steps) {
    const record = step.open?.(submission, request);
    if (record !== undefined) records.push(record);
  }
  return records;
}

function askFrom(first: number, steps: readonly AdmissionStep[], submission: Submission): Promise<void> | void {
  for (let index = first; index < steps.length; index++) {
    const asked = steps[index]?.admit?.(submission);
    if (asked !== undefined) return asked.then(() => askFrom(index + 1, steps, submission));
  }
}
