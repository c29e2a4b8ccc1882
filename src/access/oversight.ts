import type { Redactor } from "../lib/redactor.ts";
import type { AdmissionStep } from "../protocol/admission.ts";
import type { Emit, GatewayEvent } from "../protocol/events.ts";
import type { Policy } from "../protocol/policy.ts";
import { Audit } from "./audit/audit.ts";
import { activeAudit, type AuditEnvironment } from "./audit/config.ts";
import type { TextOutput } from "./audit/sinks/sink.ts";
import type { RateLimitConfig, RateLimitEnvironment } from "./limits/config.ts";
import { RateLimits, type ConnectStore } from "./limits/rate-limits.ts";

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

/** How often callers may do what they may, and what they have done. */
export class Oversight {
  readonly limits: RateLimits | undefined;
  readonly audit: Audit | undefined;

  constructor({ config, env, connectStore, ...parts }: OversightOptions) {
    const { rateLimit } = config;
    const active = activeAudit(config, env);
    this.limits = rateLimit?.enabled === true ? new RateLimits(rateLimit, env, connectStore) : undefined;
    this.audit = active && new Audit({ config: active, env, ...parts });
  }

  /** In the order in which they are asked. */
  get steps(): AdmissionStep[] {
    return [this.limits?.limiter, this.audit?.step].filter((step) => step !== undefined);
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
