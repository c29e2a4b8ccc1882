import type { JsonObject } from "../lib/json.ts";
import type { GatewayError } from "../protocol/errors.ts";
import type { ResponseFrame } from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: GatewayError) => void;
}

/** What a session waits for on its own account from one of its servers. */
export class OwnAsks {
  readonly #asked = new Map<RequestId, Waiting<ResponseFrame>>();
  readonly #greeted = new Set<Waiting<JsonObject>>();

  /** Resolves with the result of `initialize`. */
  greeting(): Promise<JsonObject> {
    return new Promise((resolve, reject) => this.#greeted.add({ resolve, reject }));
  }

  answerTo(id: RequestId): Promise<ResponseFrame> {
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
  }

  greeted(result: JsonObject): void {
    for (const { resolve } of this.#greeted) resolve(result);
    this.#greeted.clear();
  }

  answered(answer: ResponseFrame): void {
    this.#asked.get(answer.id)?.resolve(answer);
    this.#asked.delete(answer.id);
  }

  failed(id: RequestId, error: GatewayError): void {
    this.#asked.get(id)?.reject(error);
    this.#asked.delete(id);
  }

  failAll(error: GatewayError): void {
    for (const { reject } of [...this.#asked.values(), ...this.#greeted]) reject(error);
    this.#asked.clear();
    this.#greeted.clear();
  }
}
