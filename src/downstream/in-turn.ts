import type { IncomingMessage, RequestListener } from "node:http";
import type { Socket } from "node:net";
import { guarded, type Emit } from "../protocol/events.ts";

/** Limits for pipelined requests on one connection: their number, and the size of their buffered bodies. */
const MAX_WAITING = 32;
const MAX_WAITING_BYTES = 64 * 1024;

/**
 * Delays a pipelined request (RFC 9112 §9.3.2) until the responses before it are finished. Node would emit it at once, but
 * reports a closed connection only to the response that is being written, so nothing would notice that the client of a later one
 * has left. A delayed request has started nothing and is dropped with its connection. Its body stays in Node's buffer, which
 * stops reading from the socket when it is full.
 */
export function inTurn(emit: Emit, handle: RequestListener): RequestListener {
  const queues = new WeakMap<Socket, Set<IncomingMessage>>();

  return (request, response) => {
    // A response without a socket is queued behind an unfinished one.
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
        // Clears a timeout that was set for the previous response.
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
