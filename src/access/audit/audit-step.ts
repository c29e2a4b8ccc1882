import { byteLength } from "../../lib/lines.ts";
import type { Redactor } from "../../lib/redactor.ts";
import type { AdmissionStep, Submission } from "../../protocol/admission.ts";
import { GatewayError, type Reason } from "../../protocol/errors.ts";
import type { ExchangeRecord } from "../../protocol/exchange.ts";
import type { Frame, RequestFrame, ResponseFrame } from "../../protocol/frame.ts";
import { actionOf, type Policy } from "../../protocol/policy.ts";
import { principalKey } from "../../protocol/principal.ts";
import type { AuditConfig } from "./config.ts";
import { auditLine, cut, sessionName, whoIs, type AuditFields } from "./line.ts";
import { RefusalQuota } from "./refusal-quota.ts";
import { subjectOfRequest } from "./subject-of-request.ts";
import { writtenArguments } from "./written-arguments.ts";

export interface AuditStepOptions {
  readonly config: AuditConfig;
  readonly environment: string;
  readonly redactor: Redactor;
  /** Undefined when nothing restricts what callers may do. */
  readonly policy?: Policy | undefined;
  readonly write: (line: string) => void;
  /** Whether the trail cannot be written at the moment. */
  readonly isFailing: () => boolean;
}

const RETRY_MS = 1_000;
const FAIL_CLOSED: ReadonlySet<Reason> = new Set(["limits_unavailable", "audit_unavailable"]);

/** Writes a line for every request of a client when it is over, and for every one that is refused. */
export class AuditStep implements AdmissionStep {
  readonly #options: AuditStepOptions;
  readonly #refusals = new RefusalQuota();
  /** By the details for the log, which an error keeps when it is given the id of its request. */
  readonly #written = new WeakSet<object>();

  constructor(options: AuditStepOptions) {
    this.#options = options;
  }

  admit(): void {
    if (this.#options.config.onError === "allow" || !this.#options.isFailing()) return;
    throw new GatewayError("audit_unavailable", "Calls cannot be recorded at the moment; try again soon.", {
      retryAfterMs: RETRY_MS,
    });
  }

  foresee(): void {
    this.admit();
  }

  refused(submission: Submission, error: GatewayError): void {
    const caller = principalKey(submission.principal);
    const { log } = error.details;
    if (log !== undefined) this.#written.add(log);
    const { frames } = submission.messages;
    const requests = frames.filter((frame) => frame.kind === "request");
    // A refused notification is written when there is nothing else.
    const meant = requests.length > 0 ? requests : frames.slice(0, 1);
    for (const frame of meant) {
      const leftOut = this.#refusals.take(caller);
      if (leftOut === undefined) continue;
      const what = frame.kind === "response" ? undefined : subjectOfRequest(frame);
      this.#write({
        event: "refused",
        ...this.#context(submission),
        method: frame.kind === "response" ? undefined : cut(frame.method),
        ...what,
        ...this.#verdictOn(submission, frame, error),
        outcome: error.reason,
        leftOut: leftOut === 0 ? undefined : leftOut,
      });
    }
  }

  /** Whether this refusal is in the trail already. */
  hasWritten({ details: { log } }: GatewayError): boolean {
    return log !== undefined && this.#written.has(log);
  }

  /** Nothing of the request itself is kept until its answer: it may be long. */
  open(submission: Submission, request: RequestFrame): ExchangeRecord {
    const { config, environment, redactor, policy, write } = this.#options;
    const { principal, server, sessionId, transport, reception } = submission;
    const { method, params, line } = request;
    // What is refused without being told so is answered like any other request.
    const decision = policy?.decide(principal, actionOf(server, method, params));
    const { tool, prompt, uri } = subjectOfRequest(request);
    const who = whoIs(principal);
    return new CallRecord(write, {
      event: "call",
      environment,
      requestId: reception.requestId,
      session: sessionName(sessionId),
      transport,
      principal: who.principal,
      apiKeyId: who.apiKeyId,
      tenant: who.tenant,
      client: who.client,
      sub: who.sub,
      server,
      method: cut(method),
      tool,
      prompt,
      uri,
      arguments: config.arguments === "none" ? undefined : writtenArguments(request, config.arguments, redactor),
      verdict: decision?.isAllowed === false ? "deny" : "allow",
      rule: decision?.rule,
      outcome: "",
      ms: performance.now(),
      bytesIn: byteLength(line),
      bytesOut: undefined,
    });
  }

  #write(fields: AuditFields): void {
    this.#options.write(auditLine(fields));
  }

  /** What is merely impossible, for example because a queue is full, was not denied. */
  #verdictOn(
    { principal, server }: Submission,
    frame: Frame,
    { status, reason, details }: GatewayError,
  ): Pick<AuditFields, "verdict" | "rule"> {
    const { rule } = details.log ?? {};
    if (rule !== undefined) return { verdict: "deny", rule };
    if (FAIL_CLOSED.has(reason) || status === 403) return { verdict: "deny" };
    const { policy } = this.#options;
    if (policy === undefined || frame.kind === "response") return { verdict: "allow" };
    const decision = policy.decide(principal, actionOf(server, frame.method, frame.params));
    return { verdict: decision.isAllowed ? "allow" : "deny", rule: decision.rule };
  }

  #context({ principal, server, sessionId, transport, reception }: Submission): RequestContext {
    return {
      environment: this.#options.environment,
      requestId: reception.requestId,
      session: sessionId === "" ? undefined : sessionName(sessionId),
      transport,
      ...whoIs(principal),
      server,
    };
  }
}

/** A call that is not over: `ms` is when it began. */
class CallRecord implements ExchangeRecord {
  readonly #write: (line: string) => void;
  readonly #fields: CallFields;

  constructor(write: (line: string) => void, fields: CallFields) {
    this.#write = write;
    this.#fields = fields;
  }

  closed(outcome: string, answer: ResponseFrame | undefined): void {
    const fields = this.#fields;
    fields.outcome = outcome;
    fields.ms = Math.round((performance.now() - fields.ms) * 10) / 10;
    fields.bytesOut = bytesOf(answer);
    this.#write(auditLine(fields));
  }
}

type CallFields = Omit<AuditFields, "outcome" | "ms" | "bytesOut"> & {
  outcome: string;
  ms: number;
  bytesOut: number | undefined;
};

type RequestContext = Pick<AuditFields, "environment" | "requestId" | "session" | "transport" | "server"> &
  ReturnType<typeof whoIs>;

/** An error of the gateway is only written as a line where the client reads lines. */
function bytesOf(answer: ResponseFrame | undefined): number | undefined {
  return answer === undefined || answer.fault !== undefined ? undefined : byteLength(answer.line);
}
