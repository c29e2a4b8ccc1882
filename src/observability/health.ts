/** `starting` until the socket listens; `draining` after the first stop signal. */
export type GatewayState = "starting" | "ready" | "draining";

export interface HealthReport {
  readonly status: number;
  readonly body: { readonly status: string; readonly uptimeSeconds: number; readonly reasons?: readonly string[] };
}

/** Something that does not work as it should. */
interface Impairment {
  /** For everybody: names no address and no caller. */
  readonly reason: string;
  /** Calls are refused because of it. */
  readonly refuses: boolean;
}

/** Undefined when all is well. */
export type HealthCheck = () => Impairment | undefined;

/** Liveness succeeds as long as the event loop runs; readiness tells a load balancer whether to route traffic here. */
export class Health {
  state: GatewayState = "starting";
  readonly #checks: readonly HealthCheck[];

  constructor(checks: readonly HealthCheck[] = []) {
    this.#checks = checks;
  }

  live(): HealthReport {
    return report(200, "ok");
  }

  ready(): HealthReport {
    if (this.state !== "ready") return report(503, this.state);
    const impairments = this.#checks.flatMap((check) => check() ?? []);
    if (impairments.length === 0) return report(200, "ready");
    const refuses = impairments.some((impairment) => impairment.refuses);
    const reasons = impairments.map(({ reason }) => reason);
    return report(refuses ? 503 : 200, refuses ? "not ready" : "degraded", reasons);
  }
}

const report = (status: number, text: string, reasons?: readonly string[]): HealthReport => ({
  status,
  body: { status: text, uptimeSeconds: Math.round(process.uptime()), ...(reasons !== undefined && { reasons }) },
});
