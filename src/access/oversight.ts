import type { Redactor } from "../lib/redactor.ts";
import { admissionOf, type Admission } from "../protocol/admission.ts";
import type { Emit, GatewayEvent } from "../protocol/events.ts";
import type { Policy } from "../protocol/policy.ts";
import { Audit } from "./audit/audit.ts";
import { activeAudit, type AuditEnvironment } from "./audit/config.ts";
import type { TextOutput } from "./audit/sinks/sink.ts";
import type { RateLimitConfig, RateLimitEnvironment } from "./limits/config.ts";
import { RateLimits, type ConnectStore, type Impairment } from "./limits/rate-limits.ts";
import { policyStep } from "./policy/policy-step.ts";

export interface OversightOptions {
  readonly config: { readonly rateLimit?: RateLimitConfig | undefined };
  readonly env: RateLimitEnvironment & AuditEnvironment;
  readonly redactor: Redactor;
  readonly emit: Emit;
  readonly policy: Policy | undefined;
  readonly connectStore: ConnectStore;
  readonly stderr: TextOutput;
  readonly stdout: () => TextOutput;
}

/** What callers may do, how often, and what they have done: what is asked about their messages. */
export class Oversight {
  readonly limits: RateLimits | undefined;
  readonly audit: Audit | undefined;
  /** Undefined when nothing is asked about messages. */
  readonly admission: Admission | undefined;

  constructor({ config, env, connectStore, ...parts }: OversightOptions) {
    const { rateLimit } = config;
    const active = activeAudit(config, env);
    this.limits = rateLimit?.enabled === true ? new RateLimits(rateLimit, env, connectStore) : undefined;
    this.audit = active && new Audit({ config: active, env, ...parts });
    const mayStep = parts.policy && policyStep(parts.policy);
    // In the order in which they are asked.
    const steps = [mayStep, this.limits?.limiter, this.audit?.step];
    this.admission = admissionOf(steps.filter((step) => step !== undefined));
  }

  /** What is asked about a failing part, for the report on readiness. */
  get checks(): (() => Impairment | undefined)[] {
    return [() => this.limits?.impairment, () => this.audit?.impairment];
  }

  hear(event: GatewayEvent): void {
    if (event.type === "refused") this.audit?.hear(event);
  }

  /** Rejects when the Redis or the audit sink of the config cannot be used. */
  async start(): Promise<void> {
    await this.audit?.start();
    await this.limits?.start();
  }

  async stop(): Promise<void> {
    this.limits?.close();
    await this.audit?.close();
  }
}
