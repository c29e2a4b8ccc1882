import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { nanoid } from "nanoid";
import { GatewayError } from "../protocol/errors.ts";
import type { Emit } from "../protocol/events.ts";
import { inTurn } from "./in-turn.ts";
import { addressOf, listen } from "./listen.ts";
import type { Edge, Take } from "./route.ts";
import { writeRpcError } from "./rpc-error.ts";

const MAX_CONNECTIONS = 64;
const SERVER_OPTIONS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
  // Longer than the usual interval between two scrapes.
  keepAliveTimeout: 75_000,
};

/** The listener on `metrics.port`: for the operator's network, without the routes of clients. */
export class MetricsServer {
  readonly #server: Server;

  constructor(takes: readonly Take[], edge: Edge, emit: Emit) {
    this.#server = createServer(
      SERVER_OPTIONS,
      inTurn(emit, (request, response) => {
        response.setHeader("X-Request-Id", nanoid(12));
        try {
          for (const take of takes) if (take(request, response)) return;
          throw new GatewayError("not_found", "Only /metrics, /live and /ready are served here.");
        } catch (thrown) {
          edge.refuse(thrown, request, response, writeRpcError);
        }
      }),
    );
    this.#server.once("listening", () => {
      this.#server.on("error", (cause) => emit({ type: "trouble", what: "a scraper could not connect", cause }));
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  get address(): AddressInfo | undefined {
    return addressOf(this.#server);
  }

  async start(port: number, hostname: string): Promise<void> {
    try {
      await listen(this.#server, port, hostname);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Metrics cannot be served on metrics.port: ${why}. Choose another port for them.`, { cause });
    }
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
