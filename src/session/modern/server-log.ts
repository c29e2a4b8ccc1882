import { member, type JsonObject } from "../../lib/json.ts";
import { modernCapabilities } from "../../protocol/eras/from-legacy.ts";
import { metaKeys } from "../../protocol/eras/modern.ts";
import type { RequestFrame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";

/**
 * The log of a server of an older revision. It sends all of its messages once a client has asked for any; which of them a client
 * gets is decided for each call.
 */
export class ServerLog {
  readonly #ask: (method: string, params: JsonObject) => void;
  #isOn = false;

  constructor(ask: (method: string, params: JsonObject) => void) {
    this.#ask = ask;
  }

  /** Asks for the log if the request wants it, and nobody has before. */
  wantedBy({ params }: RequestFrame, initializeResult: JsonObject): void {
    if (this.#isOn || member(params?.["_meta"], metaKeys.logLevel) === undefined) return;
    this.#isOn = true;
    this.renew(initializeResult);
  }

  /** Asks again, in a new session with the server. */
  renew(initializeResult: JsonObject): void {
    if (!this.#isOn || modernCapabilities(initializeResult)["logging"] === undefined) return;
    this.#ask(methods.setLevel, { level: "debug" });
  }
}
