import { inspect } from "node:util";
import { oneSafeLine, type Redactor } from "../lib/redactor.ts";
import type { GatewayEvent } from "../protocol/events.ts";
import type { Transport } from "../protocol/session.ts";
import type { Log } from "./logger.ts";

const BODY_LENGTH = 2 * 1024;
const MASKED_LENGTH = 16 * 1024;

const TRANSPORT_NAMES: Readonly<Record<Transport, string>> = {
  sse: "SSE",
  "streamable-http": "Streamable HTTP",
  rest: "REST",
};

/** Turns events into log lines; the one place where a line is worded. */
export function logEvents(log: Log, redactor: Redactor): (event: GatewayEvent) => void {
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
        return log(level, `${method} ${path} refused: ${oneSafeLine(error.message, BODY_LENGTH)}`, {
          requestId,
          reason: error.reason,
          ...trace(error.cause),
        });
      }
      case "trouble":
        return log("warn", event.what, trace(event.cause));
      default:
        return logSession(log, event, redactor);
    }
  };
}

type SessionEvent = Exclude<GatewayEvent, { type: "request" | "refused" | "trouble" }>;

function logSession(log: Log, event: SessionEvent, redactor: Redactor): void {
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
    case "session.message": {
      const what = event.from === "client" ? "Client message received" : "STDIO message received";
      // Masked before it is cut, as half a secret is not known for one.
      const body = oneSafeLine(redactor.text(event.line.toString().slice(0, MASKED_LENGTH)), BODY_LENGTH);
      return log("verbose", `${what}: ${body}`, {
        session: `/${server}?sessionId=${sessionId}`,
        requestId: event.requestId,
      });
    }
    case "exchange": {
      const { requestId, method, outcome, ms } = event;
      const took = Math.round(ms * 10) / 10;
      return log("debug", `${server}: ${oneSafeLine(method, 64)} ended: ${outcome}`, {
        sessionId,
        requestId,
        ms: took,
      });
    }
    case "session.timeout":
      return log("warn", `${server} did not answer ${oneSafeLine(event.method, 64)} in time`, {
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
      return log("debug", `Server instance that was kept warm taken for sessionId: ${sessionId}`, {
        server,
        pid: event.pid,
      });
    case "server.exited": {
      const { code, signal, asked } = event;
      return log(asked ? "debug" : "warn", `Server ${server} exited`, { sessionId, code, signal, asked });
    }
    case "server.failed":
      return log("warn", oneSafeLine(event.error.message, BODY_LENGTH), {
        sessionId,
        reason: event.error.reason,
        stderr: told(event.error.details.data),
      });
    case "server.stderr": {
      const dropped = event.dropped === 0 ? undefined : event.dropped;
      return log("debug", `[${server}] ${event.text}`, { sessionId, dropped });
    }
    case "server.garbage":
      return log("debug", `${server} wrote to stdout what is no message: ${event.sample}`, {
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

const told = (data: Readonly<Record<string, unknown>> | undefined): string | undefined =>
  typeof data?.["stderr"] === "string" ? data["stderr"] : undefined;

function trace(cause: unknown): { cause?: string } {
  if (cause === undefined) return {};
  return { cause: oneSafeLine(cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause), BODY_LENGTH) };
}
