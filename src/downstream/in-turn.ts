import type { IncomingMessage, RequestListener } from "node:http";
import type { Socket } from "node:net";
import { guarded, type Emit } from "../protocol/events.ts";

/** Requests that may wait on one connection, and what they may hold of their bodies. */
const MAX_WAITING = 32;
const MAX_WAITING_BYTES = 64 * 1024;

/**
 * Hands a request on when its answer can be written: one that a client sent behind another (RFC 9112 §9.3.2, pipelining) waits for
 * the answers before it. node would hand it on at once, but tells the end of a connection only to the answer that is being
 * written, so nobody would learn that this client left. A waiting request has started nothing and is forgotten with its
 * connection. What it sends of its body stays with node, which stops reading when a body is not taken.
 */
export function inTurn(emit: Emit, handle: RequestListener): RequestListener {
  const queues = new WeakMap<Socket, Set<IncomingMessage>>();

  return (request, response) => {
    // Without a socket of its own, it stands behind an answer that is not finished.
    if (response.socket !== null) return handle(request, response);
    const { socket } = request;
    if (socket.destroyed) return;
    const queue = queues.get(socket) ?? new Set();
    if (queue.size >= MAX_WAITING || bytesIn(queue) > MAX_WAITING_BYTES) return void socket.destroy();
    queues.set(socket, queue.add(request));
    response.once("socket", () => {
      guarded(emit, "a request that waited for its turn could not be handled", () => {
        queue.delete(request);
        if (!socket.writable) return;
        // A clock that still runs was set for the answer before.
        socket.setTimeout(0);
        handle(request, response);
      });
    });
  };
}

function bytesIn(queue: ReadonlySet<IncomingMessage>): number {
  let bytes = 0;
  for (const { readableLength } of queue) bytes += readableLength;
  return bytes;
}
