import { randomUUID } from "node:crypto";
import type { Line } from "../../lib/lines.ts";
import type { RequestFrame } from "../../protocol/frame.ts";
import { requestLine } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import type { CallerHeaders } from "../../protocol/upstream.ts";
import type { Outgoing } from "./post.ts";
import type { RemoteSession } from "./remote-session.ts";
import type { Remote, RemoteOptions } from "./remote.ts";
import type { Wire, WireRequest } from "./wire.ts";

/** For what needs no work of the server: a notification, an answer, a ping. */
const SHORT_MS = 30_000;
const PING_MS = 10_000;
const DELETE_MS = 2_000;

/** No encoding is offered: an answer is relayed as it comes, and a compressed one would have no known size. */
const POST_HEADERS: readonly string[] = [
  "content-type",
  "application/json",
  "accept",
  "application/json, text/event-stream",
];
const STREAM_HEADERS: readonly string[] = ["accept", "text/event-stream"];

/** The POST of one message; `own` has the headers of the session, or those of a message that has none. */
export function messageRequest(
  { frame, caller }: Outgoing,
  { headers, remote }: RemoteOptions,
  own: readonly string[],
): WireRequest {
  const isRequest = frame.kind === "request";
  return {
    lane: isRequest ? "calls" : "controls",
    method: "POST",
    headers: [...POST_HEADERS, ...headers, ...forwardedOf(caller, remote.forwarded), ...own],
    body: bodyOf(frame.line),
    waits: !isRequest || isRepeatable(frame, remote) ? "always" : "unprocessed",
    ...(!isRequest && { headersMs: SHORT_MS, bodyMs: SHORT_MS }),
  };
}

/** To begin a session twice does no harm. */
function isRepeatable(frame: RequestFrame, { isHarmless }: Remote): boolean {
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

export function streamHeaders({ headers, caller, remote }: RemoteOptions, session: RemoteSession): readonly string[] {
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

/** The headers of the caller's request that the entry names. */
function forwardedOf(caller: CallerHeaders | undefined, names: readonly string[]): readonly string[] {
  if (caller === undefined || names.length === 0) return [];
  return names.flatMap((name) => {
    const value = caller.get(name);
    return value === undefined ? [] : [name, value];
  });
}
