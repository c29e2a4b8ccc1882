import { inspect } from "node:util";
import type { Line } from "../lib/lines.ts";
import type { GatewayError } from "../protocol/errors.ts";
import type { GatewayEvent, OperatorAction } from "../protocol/events.ts";
import type { EndReason, Transport } from "../protocol/session.ts";
import type { Level } from "./config.ts";
import type { Log } from "./logger.ts";

/** Longer than the logged part of a message, so that a secret at its end is complete when it is masked. */
const BODY_LENGTH = 16 * 1024;

const TRANSPORT_NAMES: Readonly<Record<Transport, string>> = {
  sse: "SSE",
  "streamable-http": "Streamable HTTP",
  rest: "REST",
  stdio: "stdio",
  modern: "MCP 2026-07-28",
};

const OPERATIONS: Readonly<Record<OperatorAction, string>> = {
  "end session": "ends a session of",
  "stop server": "stops",
  "list tools": "lists the tools of",
  "call again": "calls a tool of",
};

function logGarbage(log: Log, event: Extract<GatewayEvent, { type: "client.garbage" }>): void {
  const dropped = event.dropped === 0 ? undefined : event.dropped;
  log("warn", `The client sent something other than a message: ${event.sample}`, { cause: event.why, dropped });
}

function logOperation(log: Log, event: Extract<GatewayEvent, { type: "operated" }>): void {
  const { requestId, principal, action, server } = event;
  log("info", `${principal} in the console: ${OPERATIONS[action]} "${server}"`, { requestId });
}

/** Turns events into log lines, all worded here. The log itself masks secrets and makes each line safe. */
export function logEvents(log: Log): (event: GatewayEvent) => void {
  /** Errors of servers that a line was written about: who else hears of one of them adds nothing new. */
  const told = new WeakSet<GatewayError>();
  return (event) => {
    switch (event.type) {
      case "request": {
        const { requestId, method, path, status, ms } = event;
        return log("debug", `${method} ${path} ${status}`, { requestId, ms: Math.round(ms * 10) / 10 });
      }
      case "refused": {
        const { requestId, method, path, error } = event;
        return log(told.has(error) ? "debug" : levelOfRefusal(error), `${method} ${path} refused: ${error.message}`, {
          requestId,
          reason: error.reason,
          address: error.details.log?.["address"],
          cause: error.reason === "internal" ? trace(error.cause) : brief(error.cause),
        });
      }
      case "operated":
        return logOperation(log, event);
      case "store.lost":
        return log("error", "Redis is lost: requests cannot be counted", { cause: event.reason });
      case "store.back":
        return log("info", "Redis is back: requests are counted again");
      case "audit.failed":
        return log("error", "The audit trail cannot be written", { cause: brief(event.cause) });
      case "audit.back":
        return log("info", "The audit trail is written again");
      case "audit.dropped":
        return log("error", "Lines of the audit trail are missing: too many waited to be written", {
          lines: event.lines,
        });
      case "modern-only":
        return log(
          "info",
          `"${event.server}" speaks MCP 2026-07-28 only: its clients of earlier revisions are translated`,
        );
      case "trouble":
        return log("warn", event.what, { cause: trace(event.cause) });
      case "origin.paused":
        return log("warn", `${event.origin} cannot be reached; calls are refused until it answers again`, {
          cause: event.error.message,
        });
      case "origin.away":
        return log("warn", `${event.origin} cannot be reached; requests wait for it`, {
          upToMs: Math.round(event.waitMs),
          cause: event.error.message,
        });
      case "client.garbage":
        return logGarbage(log, event);
      case "origin.resumed":
        return log("info", `${event.origin} answers again`);
      case "server.failed":
        told.add(event.error);
        return logFailure(log, event);
      default:
        return logSession(log, event);
    }
  };
}

function levelOfRefusal({ reason, status }: GatewayError): Level {
  if (reason === "internal") return "error";
  return status === 401 || status === 403 ? "warn" : "info";
}

/** All that is known of the end of a server, in one line: how it exited, and its last words. */
function logFailure(log: Log, { error, sessionId }: Extract<GatewayEvent, { type: "server.failed" }>): void {
  const { exitCode, signal } = error.details.data ?? {};
  log("warn", error.message, {
    sessionId,
    reason: error.reason,
    ...(typeof exitCode === "number" && { exit: exitCode }),
    ...(typeof signal === "string" && { signal }),
    ...error.details.log,
    cause: brief(error.cause),
  });
}

type SessionEvent = Exclude<
  GatewayEvent,
  {
    type:
      | "request"
      | "refused"
      | "trouble"
      | "modern-only"
      | "operated"
      | "server.failed"
      | "client.garbage"
      | `store.${string}`
      | `audit.${string}`
      | `origin.${string}`;
  }
>;

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
    case "session.refused": {
      const { error, requestId } = event;
      return log(levelOfRefusal(error), `Messages for ${server} refused: ${error.message}`, {
        sessionId,
        requestId,
        reason: error.reason,
      });
    }
    case "session.closed":
      return log(levelOfEnd(event.reason), `Session of ${server} closed: ${event.reason}`, {
        sessionId,
        requests: event.requests,
      });
    case "session.hibernated":
      return log(levelOfEnd(event.reason), `Session of ${server} hibernates: ${event.reason}`, { sessionId });
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
    case "tools.listed":
      // The exchange of this list has its own line.
      return;
    case "session.timeout":
      return log("warn", `${server} did not answer ${event.method.slice(0, 64)} in time`, {
        sessionId,
        afterMs: event.afterMs,
      });
    default:
      return logServer(log, event);
  }
}

/** The end of a server has its own line, which says why. */
const levelOfEnd = (reason: EndReason): Level => (reason === "server ended" ? "debug" : "info");

type ServerEvent = Extract<SessionEvent, { type: `server.${string}` }>;

function logServer(log: Log, event: ServerEvent): void {
  const { server, sessionId } = event;
  switch (event.type) {
    case "server.started":
      return log("debug", `Server instance created with sessionId: ${sessionId}`, {
        server,
        pid: event.pid,
        requestId: event.requestId,
      });
    case "server.ready":
      return log("debug", `Server ${server} started`, { sessionId, pid: event.pid, ms: Math.round(event.ms) });
    case "server.connected":
      return log("debug", `Connected to ${server} for sessionId: ${sessionId}`);
    case "server.forgot":
      return log("info", `${server} has forgotten the session; it is begun anew`, { sessionId });
    case "server.adopted":
      return log("debug", `Warm server instance taken for sessionId: ${sessionId}`, {
        server,
        pid: event.pid,
      });
    case "server.exited": {
      const { code, signal, asked } = event;
      return log("debug", `Server ${server} exited`, { sessionId, code, signal, asked });
    }
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

/** With the stack, for unexpected errors. Refusals of the system (no such file, no room) are clear without one. */
function trace(cause: unknown): string | undefined {
  if (cause instanceof Error && "syscall" in cause) return cause.message;
  return cause instanceof Error ? (cause.stack ?? cause.message) : brief(cause);
}

function brief(cause: unknown): string | undefined {
  if (cause === undefined) return undefined;
  return cause instanceof Error ? cause.message : inspect(cause);
}
