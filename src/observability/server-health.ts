import type { GatewayEvent } from "../protocol/events.ts";
import type { ServerExit, ServerFailure } from "./server-report.ts";

/** Ends whose process has not exited yet. */
const MAX_ENDINGS = 1_000;
/** The lines of stderr that are kept of each server. */
const MAX_LINES = 5;
const MAX_LINE = 300;

/** What happened to one server. Changes with every event. */
export interface ServerHistory {
  /** Whether its last start or connection succeeded; undefined before the first one. */
  works: boolean | undefined;
  lastExit: ServerExit | undefined;
  lastFailure: ServerFailure | undefined;
}

/** Follows each server by its events. */
export class ServerHealth {
  readonly #of = new Map<string, ServerHistory>();
  /** Why sessions lost their process, until it has exited. */
  readonly #endings = new Map<string, string>();
  readonly #words = new Map<string, string[]>();

  of(server: string): ServerHistory {
    const known = this.#of.get(server);
    if (known !== undefined) return known;
    const history: ServerHistory = {
      works: undefined,
      lastExit: undefined,
      lastFailure: undefined,
    };
    this.#of.set(server, history);
    return history;
  }

  /** The last lines that its processes wrote to stderr, masked. */
  lastWords(server: string): string | undefined {
    return this.#words.get(server)?.join("\n");
  }

  hear(event: GatewayEvent): void {
    switch (event.type) {
      case "server.stderr":
        return this.#said(event.server, event.text);
      case "exchange":
        if (event.outcome === "start_timeout") this.of(event.server).works = false;
        return;
      case "server.ready":
      case "server.connected":
        this.of(event.server).works = true;
        return;
      case "server.failed":
        return this.#failed(event);
      case "server.exited":
        return this.#exited(event);
      case "session.closed":
      case "session.hibernated":
        return this.#ending(keyOf(event), event.reason);
      default:
    }
  }

  #said(server: string, text: string): void {
    const lines = this.#words.get(server) ?? [];
    this.#words.set(server, lines);
    if (lines.push(text.slice(0, MAX_LINE)) > MAX_LINES) lines.shift();
  }

  #failed({ server, error, wasReady = false }: Extract<GatewayEvent, { type: "server.failed" }>): void {
    const history = this.of(server);
    const stderr = error.details.log?.["stderr"];
    const { reason, message } = error;
    // Of a server that turned one caller away, other callers may be welcome.
    const isOnlyRefusal = reason === "upstream_unauthorized" && history.works === true;
    if (!wasReady && !isOnlyRefusal) history.works = false;
    history.lastFailure = { at: now(), reason, message, ...(stderr !== undefined && { stderr }) };
  }

  #exited(event: Extract<GatewayEvent, { type: "server.exited" }>): void {
    const { server, code, signal, asked } = event;
    const key = keyOf(event);
    const reason = asked ? (this.#endings.get(key) ?? "not needed any more") : "on its own";
    this.#endings.delete(key);
    this.of(server).lastExit = { at: now(), code, signal, reason };
  }

  #ending(key: string, reason: string): void {
    this.#endings.delete(key);
    this.#endings.set(key, reason);
    const [oldest] = this.#endings.keys();
    if (this.#endings.size > MAX_ENDINGS && oldest !== undefined) this.#endings.delete(oldest);
  }
}

const keyOf = ({ server, sessionId }: { server: string; sessionId: string }): string => `${server}\n${sessionId}`;

const now = (): string => new Date().toISOString();
