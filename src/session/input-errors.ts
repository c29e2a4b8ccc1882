import type { InputWanted } from "../protocol/eras/asked-input.ts";
import { modernCodes } from "../protocol/eras/modern.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { ResponseFrame } from "../protocol/frame.ts";
import { errorOf } from "../protocol/result-text.ts";

/** Why a call to a modern server cannot go on: each error as its client sees it. */

/** What a refused call tells of what was asked. */
const MAX_TOLD = 16 * 1024;
const MAX_MESSAGE = 500;

/** The server asks for something that the client did not declare, or that does not exist. */
export function unanswerableError(server: string, asked: string, { asks }: InputWanted): GatewayError {
  const inputRequests = Object.fromEntries(asks.map(({ key, method, params }) => [key, { method, params }]));
  const isShort = JSON.stringify(inputRequests).length <= MAX_TOLD;
  const message = `The MCP server "${server}" needs input that this client cannot give: ${asked.slice(0, 64)}.`;
  return new GatewayError("input_required", message, { data: isShort ? { inputRequests } : {} });
}

/** The server itself says what the client lacks. Its code means nothing to a legacy client. */
export function lackingError(server: string, { line }: ResponseFrame): GatewayError {
  const { message, data } = errorOf(line);
  const text = `The MCP server "${server}" needs a client with other capabilities: ${message.slice(0, MAX_MESSAGE)}`;
  const rpc = { code: modernCodes.missingCapability, message, data };
  return new GatewayError("input_required", text, { data: { rpc } });
}

/** The client answered what it was asked with an error. */
export function refusedError(server: string, { line }: ResponseFrame): GatewayError {
  const { code, message } = errorOf(line);
  const text = `The client did not give the input that "${server}" needs: ${message.slice(0, MAX_MESSAGE)}`;
  return new GatewayError("input_required", text, { data: { rpc: { code, message } } });
}

export function fullError(): GatewayError {
  const message = "Too much waits for answers in this session: send fewer or shorter calls at a time.";
  return new GatewayError("queue_full", message, { retryAfterMs: 1_000 });
}

export function violation(server: string, what: string): GatewayError {
  return new GatewayError("protocol_violation", `The MCP server "${server}" sent ${what}.`);
}

export const insistentError = (server: string, rounds: number): GatewayError =>
  violation(server, `more than ${rounds} requests for input in one call`);
