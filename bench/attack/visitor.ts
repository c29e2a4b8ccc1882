import { Wire } from "./wire.ts";

export interface VisitorOptions {
  readonly port: number;
  readonly token: string;
  /** A unique name that is part of everything this visitor requests. */
  readonly who: string;
  /** Called when data of another visitor arrives. */
  readonly onForeign: (nonce: string) => void;
  /** The client of the session opened by this HTTP request has left and will not resume it. */
  readonly onLeft: (requestId: string) => void;
}

/** Longer than a nonce. */
const TAIL = 80;

/**
 * One client of one principal, with at most one session of each kind. Every request contains a nonce with its name, and every
 * received byte is searched for such names: another name means that data leaked between sessions.
 */
export class Visitor {
  readonly who: string;
  readonly port: number;
  readonly token: string;
  readonly #options: VisitorOptions;
  readonly #wires: Wire[] = [];
  readonly #endsWithUs: string[] = [];
  #nonces = 0;
  #requests = 0;

  constructor(options: VisitorOptions) {
    this.#options = options;
    this.who = options.who;
    this.port = options.port;
    this.token = options.token;
  }

  nonce(): string {
    return `N~${this.who}~${++this.#nonces}~`;
  }

  connect(): Wire {
    let tail = "";
    const wire = new Wire(this.port, (text) => {
      const seen = tail + text;
      tail = text.slice(-TAIL);
      for (let at = seen.indexOf("N~"); at !== -1; at = seen.indexOf("N~", at + 2)) this.#check(seen, at);
    });
    this.#wires.push(wire);
    return wire;
  }

  /** A header that is `undefined` is omitted; given headers replace the visitor's own. */
  request(method: string, path: string, headers: Headers = {}, body?: string): string {
    const all: Record<string, string | undefined> = {
      Host: `127.0.0.1:${this.port}`,
      Authorization: `Bearer ${this.token}`,
      "X-Request-Id": this.requestId(),
      ...(body !== undefined && {
        "Content-Type": "application/json",
        "Content-Length": String(Buffer.byteLength(body)),
      }),
      ...headers,
    };
    const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : `${name}: ${value}\r\n`));
    return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`;
  }

  requestId(): string {
    return `request-${this.who}-${++this.#requests}`;
  }

  /** A request id for a session that must end when this visitor leaves. */
  requestIdOfOurs(): string {
    const id = this.requestId();
    this.#endsWithUs.push(id);
    return id;
  }

  /** Closes every connection. */
  leave(): void {
    for (const wire of this.#wires) wire.drop();
    for (const id of this.#endsWithUs.splice(0)) this.#options.onLeft(id);
  }

  #check(text: string, at: number): void {
    const [nonce, who] = /^N~([\w-]+)~/.exec(text.slice(at, at + TAIL)) ?? [];
    if (nonce !== undefined && who !== this.who) this.#options.onForeign(nonce);
  }
}

export type Headers = Readonly<Record<string, string | undefined>>;
