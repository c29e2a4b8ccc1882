import { inspect } from "node:util";
import type { Line } from "../lib/lines.ts";
import type { GatewayEvent } from "../protocol/events.ts";
import type { Transport } from "../protocol/session.ts";
import type { Log } from "./logger.ts";

/** Longer than the logged part of a message, so that a secret at its end is complete when it is masked. */
const BODY_LENGTH = 16 * 1024;

const TRANSPORT_NAMES: Readonly<Record<Transport, string>> = {
  sse: "SSE",
  "streamable-http": "Streamable HTTP",
  rest: "REST",
};

/** Turns events into log lines, all worded here. The log itself masks secrets and makes each line safe. */
export function logEvents(log: Log): (event: GatewayEvent) => void {
  return (event) => {
    switch (event.type) {
      case "request": {
        const { requestId, method, path, status, ms } = event;
        return log("debug", `${method} ${path} ${status}`, { requestId, ms: Math.round(ms * 10) / 10 });
      }
      case "refused": {
        const { requestId, method, path, error } = event;
        const level =
          error.reason === "internal" ? "error" : error.status === 401 || error.status === 403 ? "warn" : "info";
        return log(level, `${method} ${path} refused: ${error.message}`, {
          requestId,
          reason: error.reason,
          cause: error.reason === "internal" ? trace(error.cause) : brief(error.cause),
        });
      }
      case "trouble":
        return log("warn", event.what, { cause: trace(event.cause) });
      default:
        return logSession(log, event);
    }
  };
}

type SessionEvent = Exclude<GatewayEvent, { type: "request" | "refused" | "trouble" }>;

function logSession(log: Log, event: SessionEvent): void {
  const { server, sessionId } = event;
  switch (event.type) {
    case "session.opened": {
      const { transport, principal, requestId } = event;
      return log("info", `New ${TRANSPORT_NAMES[transport]} connection for ${server}`, {
        sessionId,
        principal,
        requestId,
      });
    }
    case "session.closed":
      return log("info", `Session of ${server} closed: ${event.reason}`, { sessionId, requests: event.requests });
    case "session.hibernated":
      return log("info", `Session of ${server} hibernates: ${event.reason}`, { sessionId });
    case "session.woken":
      return log("info", `Session of ${server} wakes`, { sessionId });
    case "session.message": {
      const what = event.from === "client" ? "Client message received" : "STDIO message received";
      return log("verbose", `${what}: ${beginningOf(event.line)}`, {
        session: `/${server}?sessionId=${sessionId}`,
        requestId: event.requestId,
      });
    }
    case "exchange": {
      const { requestId, method, outcome, ms } = event;
      const took = Math.round(ms * 10) / 10;
      return log("debug", `${server}: ${method.slice(0, 64)} ended: ${outcome}`, {
        sessionId,
        requestId,
        ms: took,
      });
    }
    case "session.timeout":
      return log("warn", `${server} did not answer ${event.method.slice(0, 64)} in time`, {
        sessionId,
        afterMs: event.afterMs,
      });
    default:
      return logServer(log, event);
  }
}

type ServerEvent = Extract<SessionEvent, { type: `server.${string}` }>;

function logServer(log: Log, event: ServerEvent): void {
  const { server, sessionId } = event;
  switch (event.type) {
    case "server.started":
      return log("debug", `Server instance created with sessionId: ${sessionId}`, { server, pid: event.pid });
    case "server.adopted":
      return log("debug", `Warm server instance taken for sessionId: ${sessionId}`, {
        server,
        pid: event.pid,
      });
    case "server.exited": {
      const { code, signal, asked } = event;
      return log(asked ? "debug" : "warn", `Server ${server} exited`, { sessionId, code, signal, asked });
    }
    case "server.failed":
      return log("warn", event.error.message, {
        sessionId,
        reason: event.error.reason,
        ...event.error.details.log,
        cause: brief(event.error.cause),
      });
    case "server.stderr": {
      const dropped = event.dropped === 0 ? undefined : event.dropped;
      return log("debug", `[${server}] ${event.text}`, { sessionId, dropped });
    }
    case "server.garbage":
      return log("debug", `${server} wrote something other than a message to stdout: ${event.sample}`, {
        sessionId,
        dropped: event.dropped === 0 ? undefined : event.dropped,
      });
    case "server.bad-message":
      return log("warn", `${server} sent a message that cannot be passed on: ${event.why}`, {
        sessionId,
        dropped: event.dropped === 0 ? undefined : event.dropped,
      });
  }
}

const beginningOf = (line: Line): string => line.slice(0, BODY_LENGTH).toString();

/** With the stack, for unexpected errors. */
function trace(cause: unknown): string | undefined {
  return cause instanceof Error ? (cause.stack ?? cause.message) : brief(cause);
}

function brief(cause: unknown): string | undefined {
  if (cause === undefined) return undefined;
  return cause instanceof Error ? cause.message : inspect(cause);
}
