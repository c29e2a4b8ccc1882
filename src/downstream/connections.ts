import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { guarded, type Emit } from "../protocol/events.ts";

/** The connections of a gateway. While it drains, each of them ends with the answer that is under way on it. */
export class Connections {
  readonly #server: Server;
  readonly #emit: Emit;
  /** The newest response on each connection, which may be over. */
  readonly #newest = new Map<Socket, ServerResponse>();
  #isDraining = false;

  constructor(server: Server, emit: Emit) {
    this.#server = server;
    this.#emit = emit;
    server.on("connection", (socket) => socket.once("close", () => this.#newest.delete(socket)));
  }

  /** Notes a request; false when it was turned away: the gateway is draining, and its client does best to come back elsewhere. */
  take(
    request: IncomingMessage,
    response: ServerResponse,
    opensStream: (request: IncomingMessage) => boolean,
  ): boolean {
    this.#newest.set(request.socket, response);
    if (!this.#isDraining) return true;
    if (request.method === "GET" && opensStream(request)) {
      // A status is final for an EventSource, a lost connection is not (WHATWG HTML §9.2.3).
      request.socket.destroySoon();
      return false;
    }
    this.#endWith(response);
    return true;
  }

  /** Resolves when the last connection is closed. New ones are refused from now on. */
  drain(): Promise<void> {
    this.#isDraining = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeIdleConnections();
    for (const response of this.#newest.values()) this.#endWith(response);
    return closed;
  }

  /** RFC 9112 §9.6. An answer that has begun says nothing more; its connection is closed when it is over. */
  #endWith(response: ServerResponse): void {
    if (!response.headersSent) response.setHeader("Connection", "close");
    response.once("close", () =>
      guarded(this.#emit, "an idle connection could not be closed", () => this.#server.closeIdleConnections()),
    );
  }
}
