import type { Remote } from "./remote.ts";
import { WireCall, type WireHost, type WireListener, type WireRequest } from "./wire-call.ts";

/** The HTTP requests of one connection to a remote server. */
export class Wire implements WireHost {
  readonly remote: Remote;
  readonly #calls = new Set<WireCall>();
  /** Where the server is within its origin, as it says itself. */
  path: string;
  #isPaused = false;

  constructor(remote: Remote) {
    this.remote = remote;
    this.path = `${remote.url.pathname}${remote.url.search}`;
  }

  /** The network must be open. */
  start(request: WireRequest, listener: WireListener): WireCall {
    const call = new WireCall(this, request, listener);
    this.#calls.add(call);
    if (this.#isPaused) call.pause();
    call.begin();
    return call;
  }

  pause(): void {
    this.#isPaused = true;
    for (const call of this.#calls) call.pause();
  }

  resume(): void {
    this.#isPaused = false;
    for (const call of this.#calls) call.resume();
  }

  abort(): void {
    for (const call of this.#calls) call.abort();
  }

  finished(call: WireCall): void {
    this.#calls.delete(call);
  }
}
