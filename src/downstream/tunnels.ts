import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { GatewayError } from "../protocol/errors.ts";

const NO_PROXY = "HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/** Answers CONNECT: the gateway is not a proxy (RFC 9110 §9.3.6, §15.6.2). Node has detached this socket, including its error handling. */
export function refuseTunnel(socket: Duplex): void {
  socket.on("error", () => socket.destroy());
  socket.end(NO_PROXY, () => socket.destroy());
}

/** A WebSocket handshake must be refused explicitly (RFC 6455 §4.2.2); other upgrades may be ignored (RFC 9110 §7.8). */
export function refuseWebSocket({ headers }: IncomingMessage, response: ServerResponse): void {
  if (headers.upgrade === undefined || !/\bwebsocket\b/i.test(headers.upgrade)) return;
  response.setHeader("Connection", "close");
  throw new GatewayError("invalid_request", "WebSocket is not supported: use /<server>/mcp or /<server>/sse.");
}
