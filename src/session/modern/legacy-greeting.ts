import { nanoid } from "nanoid";
import type { JsonObject } from "../../lib/json.ts";
import { NEWEST_LEGACY_REVISION } from "../../protocol/eras/revisions.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { Frame, ResponseFrame } from "../../protocol/frame.ts";
import { notificationLine, requestLine, type RequestId } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import { errorOf, resultOf } from "../../protocol/result-text.ts";

/** Ids of the gateway's own requests; those of clients are numbers in a process that they share. */
const OWN = "mcp-gateway:";

/** The handshake with a server of an older revision (MCP 2025-11-25, lifecycle), and what the gateway asks it for itself. */
export class LegacyGreeting {
  readonly #send: (frame: Frame) => void;
  readonly #params: JsonObject;
  readonly #openingId = `${OWN}${nanoid()}`;
  #result: JsonObject | undefined;
  #refusal: ResponseFrame | undefined;

  constructor(send: (frame: Frame) => void, capabilities: JsonObject, clientVersion: string) {
    this.#send = send;
    const clientInfo = { name: "mcp-gateway", version: clientVersion };
    this.#params = { protocolVersion: NEWEST_LEGACY_REVISION, capabilities, clientInfo };
  }

  /** What the server answered; undefined before that. */
  get result(): JsonObject | undefined {
    return this.#result;
  }

  get refusal(): ResponseFrame | undefined {
    return this.#refusal;
  }

  begin(): void {
    this.#request(this.#openingId, methods.initialize, this.#params);
  }

  /** Sends a request whose answer does not matter. */
  ask(method: string, params: JsonObject): void {
    this.#request(`${OWN}${nanoid()}`, method, params);
  }

  /** Whether this is the response to a request of the gateway's own. */
  takes(frame: ResponseFrame): boolean {
    if (typeof frame.id !== "string" || !frame.id.startsWith(OWN)) return false;
    if (frame.id === this.#openingId && this.#result === undefined) this.#onOpened(frame);
    return true;
  }

  isOpenedBy(id: RequestId | undefined): boolean {
    return id === this.#openingId;
  }

  refusalError(server: string): GatewayError {
    const { code, message } = this.#refusal === undefined ? { code: 0, message: "" } : errorOf(this.#refusal.line);
    const text = `The MCP server "${server}" refused initialize.`;
    return new GatewayError("spawn_failed", text, { data: { rpc: { code, message } } });
  }

  #onOpened(frame: ResponseFrame): void {
    if (frame.failed) {
      this.#refusal = frame;
      return;
    }
    const line = notificationLine(methods.initialized);
    this.#send({ kind: "notification", method: methods.initialized, params: undefined, line });
    this.#result = resultOf(frame.line);
  }

  #request(id: string, method: string, params: JsonObject): void {
    this.#send({ kind: "request", id, method, params, line: requestLine(id, method, JSON.stringify(params)) });
  }
}
