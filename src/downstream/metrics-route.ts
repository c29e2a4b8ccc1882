import type { IncomingMessage, ServerResponse } from "node:http";
import type { Exposition } from "../observability/metrics/collector.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { Gate, Principal } from "../protocol/principal.ts";
import type { DownstreamContext } from "./context.ts";
import { credentialsOf } from "./credentials.ts";
import { methodNotAllowed } from "./method-not-allowed.ts";
import type { Route } from "./route.ts";
import { writeRpcError } from "./rpc-error.ts";
import { pathOf } from "./target.ts";

/** How many responses may be unfinished; each holds a whole exposition in memory. */
const MAX_UNFINISHED = 8;
/** How long a scraper may take to read one. Prometheus gives up after 10 s by default. */
const READ_MS = 15_000;

export interface MetricsAccess {
  readonly metrics: { readonly read: () => Promise<Exposition> };
  readonly gate: Gate;
  /** Whether this caller may read them. */
  readonly mayRead: (principal: Principal) => boolean;
}

/** `GET /metrics`, in the text format of Prometheus. */
export function metricsRoute(
  { metrics, gate, mayRead }: MetricsAccess,
  context: Pick<DownstreamContext, "trustedProxies">,
): Route<true> {
  let unfinished = 0;

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method } = request;
    if (method !== "GET" && method !== "HEAD") throw methodNotAllowed(method, "GET, HEAD");
    const principal = await gate.admit(credentialsOf(request, context));
    if (!mayRead(principal)) {
      throw new GatewayError("forbidden", "The metrics name every server, and you may not use all of them.");
    }
    if (unfinished >= MAX_UNFINISHED) {
      throw new GatewayError("queue_full", `Already ${MAX_UNFINISHED} scrapes are being answered.`, {
        retryAfterMs: 5_000,
      });
    }
    unfinished++;
    const cut = setTimeout(() => response.destroy(), READ_MS);
    response.once("close", () => {
      clearTimeout(cut);
      unfinished--;
    });
    const { contentType, text } = await metrics.read();
    // It may have left meanwhile.
    if (response.destroyed) return;
    response
      .writeHead(200, {
        "Content-Type": contentType,
        "Cache-Control": "no-store",
        "Content-Length": Buffer.byteLength(text),
      })
      .end(method === "HEAD" ? undefined : text);
  };

  return {
    match: ({ url = "" }) => (pathOf(url) === "/metrics" ? true : undefined),
    serve,
    errorWriter: () => writeRpcError,
  };
}
