import { byteLength } from "../../lib/lines.ts";
import type { Redactor } from "../../lib/redactor.ts";
import type { AdmissionStep, Submission } from "../../protocol/admission.ts";
import { GatewayError, type Reason } from "../../protocol/errors.ts";
import type { ExchangeRecord } from "../../protocol/exchange.ts";
import type { Frame, RequestFrame, ResponseFrame } from "../../protocol/frame.ts";
import { actionOf, type Policy } from "../../protocol/policy.ts";
import { principalKey } from "../../protocol/principal.ts";
import type { AuditConfig } from "./config.ts";
import { auditLine, cut, quoted, textMembers, type TextMembers } from "./line.ts";
import { leftOutMember, RefusalQuota } from "./refusal-quota.ts";
import { subjectOfRequest, type RequestSubject } from "./subject-of-request.ts";
import { WhoCache } from "./who-cache.ts";
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
  readonly #who: WhoCache;
  /** By the details for the log, which an error keeps when it is given the id of its request. */
  readonly #written = new WeakSet<object>();

  constructor(options: AuditStepOptions) {
    this.#options = options;
    this.#who = new WhoCache(options.environment);
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
      const what = frame.kind === "response" ? {} : { method: cut(frame.method), ...subjectOfRequest(frame) };
      const how = { ...what, ...this.#verdictOn(submission, frame, error), outcome: error.reason };
      const { requestId } = submission.reception;
      const members = textMembers({ requestId }) + this.#who.membersOf(submission) + textMembers(how);
      this.#options.write(auditLine("refused", members + leftOutMember(leftOut)));
    }
  }

  /** Whether this refusal is in the trail already. */
  hasWritten({ details: { log } }: GatewayError): boolean {
    return log !== undefined && this.#written.has(log);
  }

  /** Nothing of the request itself is kept until its answer: it may be long. */
  open(submission: Submission, request: RequestFrame): ExchangeRecord {
    const { config, redactor, policy, write } = this.#options;
    const { principal, server, reception } = submission;
    // What is refused without being told so is answered like any other request.
    const decision = policy?.decide(principal, actionOf(server, request.method, request.params));
    const record = new CallRecord(write);
    record.before = `,"requestId":${quoted(reception.requestId)}${this.#who.membersOf(submission)},"method":${quoted(cut(request.method))}`;
    record.subject = subjectOfRequest(request);
    if (config.arguments !== "none") record.arguments = writtenArguments(request, config.arguments, redactor);
    record.isDenied = decision?.isAllowed === false;
    record.rule = decision?.rule;
    record.bytesIn = byteLength(request.line);
    return record;
  }

  /** What is merely impossible, for example because a queue is full, was not denied. */
  #verdictOn(
    { principal, server }: Submission,
    frame: Frame,
    { status, reason, details }: GatewayError,
  ): Pick<TextMembers, "verdict" | "rule"> {
    const { rule } = details.log ?? {};
    if (rule !== undefined) return { verdict: "deny", rule };
    if (FAIL_CLOSED.has(reason) || status === 403) return { verdict: "deny" };
    const { policy } = this.#options;
    if (policy === undefined || frame.kind === "response") return { verdict: "allow" };
    const decision = policy.decide(principal, actionOf(server, frame.method, frame.params));
    return { verdict: decision.isAllowed ? "allow" : "deny", rule: decision.rule };
  }
}

/** A call that is not over. */
class CallRecord implements ExchangeRecord {
  /** The members of its line that come first. */
  before = "";
  subject: RequestSubject = {};
  arguments: string | undefined;
  isDenied = false;
  rule: string | undefined;
  bytesIn = 0;
  readonly #startedAt = performance.now();
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  closed(outcome: string, answer: ResponseFrame | undefined): void {
    const { tool, prompt, uri } = this.subject;
    const ms = Math.round((performance.now() - this.#startedAt) * 10) / 10;
    const bytesOut = bytesOf(answer);
    let members = this.before;
    if (tool !== undefined) members += `,"tool":${quoted(tool)}`;
    else if (prompt !== undefined || uri !== undefined) members += textMembers({ prompt, uri });
    if (this.arguments !== undefined) members += textMembers({ arguments: this.arguments });
    members += this.isDenied ? `,"verdict":"deny"` : `,"verdict":"allow"`;
    if (this.rule !== undefined) members += `,"rule":${quoted(this.rule)}`;
    members += `,"outcome":"${outcome}","ms":${ms},"bytesIn":${this.bytesIn}`;
    if (bytesOut !== undefined) members += `,"bytesOut":${bytesOut}`;
    this.#write(auditLine("call", members));
  }
}

/** An error of the gateway is only written as a line where the client reads lines. */
function bytesOf(answer: ResponseFrame | undefined): number | undefined {
  return answer === undefined || answer.fault !== undefined ? undefined : byteLength(answer.line);
}
