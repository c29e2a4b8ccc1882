/** `starting` until the socket listens; `draining` after the first stop signal. */
export type GatewayState = "starting" | "ready" | "draining";

export interface HealthReport {
  readonly status: number;
  readonly body: { readonly status: string; readonly uptimeSeconds: number };
}

/** Liveness succeeds as long as the event loop runs; readiness tells a load balancer whether to route traffic here. */
export class Health {
  state: GatewayState = "starting";

  live(): HealthReport {
    return report(200, "ok");
  }

  ready(): HealthReport {
    return report(this.state === "ready" ? 200 : 503, this.state);
  }
}

const report = (status: number, text: string): HealthReport => ({
  status,
  body: { status: text, uptimeSeconds: Math.round(process.uptime()) },
});
