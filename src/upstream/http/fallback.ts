import type { GatewayError } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { CallerHeaders, Upstream, UpstreamListener } from "../../protocol/upstream.ts";
import type { Outgoing } from "./post.ts";
import type { RemoteOptions } from "./remote.ts";
import { SseClient } from "./sse-client.ts";
import { StreamableClient } from "./streamable-client.ts";

/** Which of the two transports a server speaks, once that is known. */
export interface Preference {
  isSse: boolean;
}

/** What servers that only speak HTTP+SSE answer `initialize` with (MCP 2025-11-25, transports, backwards compatibility). */
const OLD_SERVER: readonly number[] = [400, 404, 405];

/** So often a session is begun anew that ends before its client has the answer to `initialize`. */
const MAX_BEGINNINGS = 5;

/** Tries Streamable HTTP first, and then HTTP+SSE. */
export class FallbackClient implements Upstream {
  readonly #options: RemoteOptions;
  readonly #preference: Preference;
  #inner: Upstream;
  /** What was sent so far; undefined once it is known which transport it is. */
  #sent: Outgoing[] | undefined = [];
  #refusal: GatewayError | undefined;
  #isPaused = false;
  #beginnings = 0;

  /** Throws `circuit_open`. */
  constructor(options: RemoteOptions, preference: Preference) {
    this.#options = options;
    this.#preference = preference;
    this.#inner = preference.isSse
      ? new SseClient({ ...options, listener: this.#listener() })
      : new StreamableClient({
          ...options,
          listener: this.#listener(),
          onRefused: (status, error) => this.#fallsBack(status, error),
        });
  }

  checkRoom(): void {
    this.#inner.checkRoom();
  }

  send(frame: Frame, caller?: CallerHeaders): void {
    this.#sent?.push({ frame, caller });
    this.#inner.send(frame, caller);
  }

  pause(): void {
    this.#isPaused = true;
    this.#inner.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#inner.resume();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #listener(): UpstreamListener {
    const { listener } = this.#options;
    return {
      frame: (frame) => {
        this.#decide();
        listener.frame(frame);
      },
      badMessage: (id, error, open) => listener.badMessage(id, error, open),
      ended: (error, open) => {
        if (error.reason === "session_ended" && this.#beginsAgain()) return;
        // Tried anew next time: the server may have been replaced.
        if (this.#sent !== undefined) this.#preference.isSse = false;
        // Without a stream either, the first refusal says more.
        listener.ended(this.#sent === undefined ? error : (this.#refusal ?? error), open);
      },
    };
  }

  #decide(): void {
    if (this.#sent === undefined) return;
    this.#sent = undefined;
    this.#preference.isSse = this.#inner instanceof SseClient;
  }

  /** Throws nothing: a circuit that has opened in between leaves it at the refusal. */
  #fallsBack(status: number, refusal: GatewayError): boolean {
    const sent = this.#sent;
    if (sent === undefined || !OLD_SERVER.includes(status)) return false;
    this.#refusal = refusal;
    return this.#startSse(sent);
  }

  /** The stream of HTTP+SSE, and the session with it, was cut before the answer to `initialize`. */
  #beginsAgain(): boolean {
    if (this.#sent === undefined || !(this.#inner instanceof SseClient)) return false;
    return ++this.#beginnings <= MAX_BEGINNINGS && this.#startSse(this.#sent);
  }

  #startSse(sent: readonly Outgoing[]): boolean {
    try {
      this.#inner = new SseClient({ ...this.#options, listener: this.#listener() });
    } catch {
      return false;
    }
    if (this.#isPaused) this.#inner.pause();
    for (const { frame, caller } of sent) this.#inner.send(frame, caller);
    return true;
  }
}
