import { HttpSocket, type Exchange, type Reply } from "./http-socket.ts";
import type { Address } from "./session.ts";

/** The connections of one client, opened on first use. */
export class Lanes {
  readonly #address: Address;
  readonly #sockets = new Map<number | "stream", HttpSocket>();

  constructor(address: Address) {
    this.#address = address;
  }

  get(lane: number | "stream"): HttpSocket {
    let socket = this.#sockets.get(lane);
    if (socket === undefined) {
      socket = new HttpSocket(this.#address.port);
      this.#sockets.set(lane, socket);
    }
    return socket;
  }

  /** The head of a request up to Content-Length, with the headers that every request has. */
  head(method: string, path: string, fields: readonly string[] = []): string {
    const { port, token } = this.#address;
    const always = [`Host: 127.0.0.1:${port}`, `Authorization: Bearer ${token}`];
    return [`${method} ${path} HTTP/1.1`, ...always, ...fields, ""].join("\r\n");
  }

  /** A complete exchange on lane 0. */
  ask(request: string, stream?: Exchange["stream"]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const failed = (why: string): void => reject(new Error(why));
      this.get(0).send(request, stream === undefined ? { reply: resolve, failed } : { reply: resolve, failed, stream });
    });
  }

  drop(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
    this.#sockets.clear();
  }
}

export function withBody(head: string, body: string): string {
  return `${head}${lengthField(body.length)}${body}`;
}

/** The last header, and the end of the head. */
export const lengthField = (bytes: number): string => `Content-Length: ${bytes}\r\n\r\n`;
