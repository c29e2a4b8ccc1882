import { randomUUID } from "node:crypto";
import type { Line } from "../../lib/lines.ts";
import type { Frame } from "../../protocol/frame.ts";
import { requestLine } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import { forwardedOf, POST_HEADERS } from "./post-headers.ts";
import type { RemoteSession } from "./remote-session.ts";
import type { Remote, RemoteOptions } from "./remote.ts";
import type { WireRequest } from "./wire-call.ts";
import type { Wire } from "./wire.ts";

/** For what needs no work of the server: a notification, an answer, a ping. */
const SHORT_MS = 30_000;
const PING_MS = 10_000;
const DELETE_MS = 2_000;

const STREAM_HEADERS: readonly string[] = ["accept", "text/event-stream"];

/** The POST of one message. */
export function messageRequest(frame: Frame, headers: string[], remote: Remote): WireRequest {
  const body = bodyOf(frame.line);
  if (frame.kind === "request") return { lane: "calls", method: "POST", headers, body, patience: remote.patience };
  const { insistence } = remote;
  const [headersMs, bodyMs] = [SHORT_MS, SHORT_MS];
  return { lane: "controls", method: "POST", headers, body, patience: insistence, headersMs, bodyMs };
}

/** Another body for a request that is sent again. */
export const withBody = (request: WireRequest, { line }: Frame): WireRequest => ({ ...request, body: bodyOf(line) });

/**
 * Whether the server may get it twice. The response to an id that it does not wait for is ignored (JSON-RPC 2.0 §5), the notifications
 * of MCP mean the same the second time, and to begin a session twice does no harm.
 */
export function isRepeatable(frame: Frame, { isHarmless }: Remote): boolean {
  if (frame.kind === "response") return true;
  if (frame.kind === "notification") return frame.method.startsWith("notifications/");
  return frame.method === methods.initialize || isHarmless?.(frame) === true;
}

export function pingRequest({ headers }: RemoteOptions, session: RemoteSession): WireRequest {
  return {
    lane: "controls",
    method: "POST",
    headers: [...POST_HEADERS, ...headers, ...session.headers],
    body: requestLine(`mcp-gateway:${randomUUID()}`, methods.ping, "{}"),
    headersMs: PING_MS,
    bodyMs: PING_MS,
  };
}

export function streamHeaders({ headers, caller, remote }: RemoteOptions, session: RemoteSession): string[] {
  return [...STREAM_HEADERS, ...headers, ...forwardedOf(caller, remote.forwarded), ...session.headers];
}

/** Ends the session at the server (MCP 2025-11-25, transports, session management). Resolves in any case, soon. */
export function deleteSession(wire: Wire, { headers, remote }: RemoteOptions, session: RemoteSession): Promise<void> {
  if (remote.circuit.isOpen) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const call = wire.start(
      { lane: "controls", method: "DELETE", headers: [...headers, ...session.headers], headersMs: DELETE_MS },
      { event: () => undefined, json: () => undefined, tooLong: () => undefined, over: done },
    );
    const timer = setTimeout(() => {
      call.abort();
      resolve();
    }, DELETE_MS);
  });
}

function bodyOf(line: Line): string | Buffer {
  return typeof line === "string" ? line : line.join();
}
