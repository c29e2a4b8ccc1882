import type { GatewayError } from "../../protocol/errors.ts";
import type { Emit } from "../../protocol/events.ts";

export interface ConnectionReportOptions {
  readonly remote: { readonly server: string; readonly emit: Emit };
  readonly sessionId: string;
}

/** Emits the events of one connection to a remote server. */
export class ConnectionReport {
  readonly #names: { readonly server: string; readonly sessionId: string };
  readonly #emit: Emit;
  #hasWorked = false;

  constructor({ remote: { server, emit }, sessionId }: ConnectionReportOptions) {
    this.#names = { server, sessionId };
    this.#emit = emit;
  }

  /** The server has answered; emitted once. */
  works(): void {
    if (this.#hasWorked) return;
    this.#hasWorked = true;
    this.#emit({ type: "server.connected", ...this.#names });
  }

  forgotten(): void {
    this.#emit({ type: "server.forgot", ...this.#names });
  }

  failed(error: GatewayError): void {
    this.#emit({ type: "server.failed", ...this.#names, error, wasReady: this.#hasWorked });
  }
}
