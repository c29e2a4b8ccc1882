import type { Redactor } from "../../lib/redactor.ts";
import type { GatewayError } from "../../protocol/errors.ts";
import type { Emit, GatewayEvent } from "../../protocol/events.ts";
import type { Policy } from "../../protocol/policy.ts";
import { AuditStep } from "./audit-step.ts";
import { environmentOf, type AuditConfig, type AuditEnvironment } from "./config.ts";
import { auditLine, textMembers } from "./line.ts";
import { leftOutMember, RefusalQuota } from "./refusal-quota.ts";
import type { TextOutput } from "./sinks/sink.ts";
import { auditSinks } from "./sinks/sinks.ts";
import { AuditTrail } from "./trail.ts";

export interface AuditOptions {
  readonly config: AuditConfig;
  readonly env: AuditEnvironment;
  readonly redactor: Redactor;
  readonly emit: Emit;
  readonly policy: Policy | undefined;
  readonly stderr: TextOutput;
  readonly stdout: () => TextOutput;
}

/** The statuses of refusals that are decisions about a caller. */
const DENIALS: ReadonlySet<number> = new Set([401, 403, 429]);
/** All callers that did not prove who they are count as one. */
const UNKNOWN = "";

/** The audit trail of a gateway: what is written, and where. Nothing is written before `start`. */
export class Audit {
  readonly step: AuditStep;
  readonly #options: AuditOptions;
  readonly #environment: string;
  readonly #refusals = new RefusalQuota();
  #trail: AuditTrail | undefined;

  constructor(options: AuditOptions) {
    this.#options = options;
    this.#environment = environmentOf(options.env);
    this.step = new AuditStep({
      config: options.config,
      environment: this.#environment,
      redactor: options.redactor,
      policy: options.policy,
      write: (line) => this.#trail?.add(line),
      isFailing: () => this.#trail?.isFailing === true,
    });
  }

  /** Where the lines go, for the operator. */
  get place(): string {
    const { sink, file } = this.#options.config;
    return file === undefined ? `to ${sink ?? "stderr"}` : `to ${file}`;
  }

  /** Whether the sink is a file that can be moved away. */
  get isFile(): boolean {
    return this.#options.config.file !== undefined;
  }

  /** What is wrong, for the report on readiness. */
  get impairment(): { readonly reason: string; readonly refuses: boolean } | undefined {
    if (this.#trail?.isFailing !== true) return undefined;
    return { reason: "audit: the trail cannot be written", refuses: this.#options.config.onError === "refuse" };
  }

  /** Rejects when the sink can never be written, for example because its path is a folder. */
  async start(): Promise<void> {
    const { config, emit, stderr, stdout } = this.#options;
    const { file } = config;
    const name = config.sink ?? (file === undefined ? "stderr" : "file");
    const kind = auditSinks.find((sink) => sink.name === name);
    if (kind === undefined) throw new Error(`there is no audit sink called ${name}`);
    try {
      this.#trail = new AuditTrail(await kind.open({ file, stderr, stdout }), emit);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`The audit trail cannot be written ${this.place}: ${reason}`, { cause });
    }
  }

  /** Hears what is refused before it reaches a session; the rest is written by the step of the admission. */
  hear(event: Extract<GatewayEvent, { type: "refused" }>): void {
    const { error } = event;
    if (DENIALS.has(error.status) && !this.step.hasWritten(error)) this.#refused(event, error);
  }

  reopen(): Promise<void> {
    return this.#trail?.reopen() ?? Promise.resolve();
  }

  close(): Promise<void> {
    return this.#trail?.close() ?? Promise.resolve();
  }

  #refused(
    { requestId, path, address }: Extract<GatewayEvent, { type: "refused" }>,
    { reason, details }: GatewayError,
  ): void {
    const leftOut = this.#refusals.take(UNKNOWN);
    if (leftOut === undefined) return;
    const members = textMembers({
      requestId,
      environment: this.#environment,
      address,
      path: path.slice(0, 256),
      verdict: "deny",
      rule: details.log?.["rule"],
      outcome: reason,
    });
    this.#trail?.add(auditLine("refused", members + leftOutMember(leftOut)));
  }
}
