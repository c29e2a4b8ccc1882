import { nanoid } from "nanoid";
import { byteLength } from "../lib/lines.ts";
import type { RequestFrame } from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";

/** A request of the client that a modern server may answer with a request for input. */
export interface OpenCall {
  /** As the client sent it; without its line when there was no room to keep that. */
  frame: RequestFrame;
  /** The id under which the server knows it: a retry has another one. */
  sentAs: RequestId;
  /** How often the server has asked for input. */
  rounds: number;
  /** Set while the client is being asked. */
  waiting?: WaitingCall | undefined;
}

interface WaitingCall {
  /** The ids of the open asks, with their keys. */
  readonly open: Map<string, string>;
  /** The client's results so far, as JSON text. */
  readonly responses: Map<string, string>;
  readonly requestState: string | undefined;
}

const FRESH = "mcp-gateway:modern:";

/** An id of the gateway's own, which the session does not know. */
export const freshId = (): string => FRESH + nanoid();

export const isFresh = (id: RequestId | undefined): boolean => typeof id === "string" && id.startsWith(FRESH);

/** A client that never cancels and a server that never answers: beyond this the oldest is forgotten. */
const MAX_CALLS = 1_024;

/** The calls of a session that are open, by the id that the client, the server, and an ask gave them. */
export class OpenCalls {
  readonly #maxBytes: number;
  /** Of the lines and the answers that are kept for retries. */
  #bytes = 0;
  readonly #byId = new Map<RequestId, OpenCall>();
  readonly #bySentAs = new Map<RequestId, OpenCall>();
  readonly #byAsk = new Map<RequestId, OpenCall>();

  /** `maxBytes`: how much is kept for calls that may be sent again; the newest is always kept. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(call: OpenCall): void {
    const before = this.of(call.frame.id);
    if (before !== undefined) this.remove(before);
    if (this.#byId.size >= MAX_CALLS) this.#forgetOldest();
    this.#byId.set(call.frame.id, call);
    this.#bySentAs.set(call.sentAs, call);
    this.#bytes += byteLength(call.frame.line);
    if (this.#bytes > this.#maxBytes) this.#lighten(call);
  }

  /** Whether the call can be sent again. */
  isKept({ frame }: OpenCall): boolean {
    return byteLength(frame.line) > 0;
  }

  of(id: RequestId): OpenCall | undefined {
    return this.#byId.get(id);
  }

  /** Undefined also for an id under which the call was sent before. */
  sentAs(id: RequestId): OpenCall | undefined {
    return this.#bySentAs.get(id);
  }

  asking(askId: RequestId): OpenCall | undefined {
    return this.#byAsk.get(askId);
  }

  /** Takes the call that the server knows by this id. */
  take(id: RequestId): OpenCall | undefined {
    const call = this.sentAs(id);
    if (call !== undefined) this.remove(call);
    return call;
  }

  onWaiting(call: OpenCall): void {
    this.#bySentAs.delete(call.sentAs);
    for (const askId of call.waiting?.open.keys() ?? []) this.#byAsk.set(askId, call);
  }

  /** The key of the ask that was answered; undefined when it is not open. */
  answered(call: OpenCall, askId: RequestId): string | undefined {
    this.#byAsk.delete(askId);
    const open = call.waiting?.open;
    const key = typeof askId === "string" ? open?.get(askId) : undefined;
    if (typeof askId === "string") open?.delete(askId);
    return key;
  }

  /** Keeps an answer for the retry. False when there is no room for it. */
  keep({ waiting }: OpenCall, key: string, text: string): boolean {
    if (this.#bytes + Buffer.byteLength(text) > 2 * this.#maxBytes) return false;
    this.#bytes += Buffer.byteLength(text);
    waiting?.responses.set(key, text);
    return true;
  }

  resend(call: OpenCall, id: RequestId): void {
    this.#bySentAs.delete(call.sentAs);
    this.#bytes -= answerBytes(call);
    call.waiting = undefined;
    call.sentAs = id;
    this.#bySentAs.set(id, call);
  }

  remove(call: OpenCall): void {
    // Only once, because its bytes are counted.
    if (this.#byId.get(call.frame.id) !== call) return;
    this.#byId.delete(call.frame.id);
    this.#bytes -= byteLength(call.frame.line) + answerBytes(call);
    this.#bySentAs.delete(call.sentAs);
    for (const askId of call.waiting?.open.keys() ?? []) this.#byAsk.delete(askId);
  }

  /** Frees the lines of the oldest calls. */
  #lighten(newest: OpenCall): void {
    for (const call of this.#byId.values()) {
      if (this.#bytes <= this.#maxBytes || call === newest) return;
      this.#bytes -= byteLength(call.frame.line);
      call.frame = { ...call.frame, params: undefined, line: "" };
    }
  }

  #forgetOldest(): void {
    for (const call of this.#byId.values()) return this.remove(call);
  }
}

function answerBytes({ waiting }: OpenCall): number {
  let bytes = 0;
  for (const text of waiting?.responses.values() ?? []) bytes += Buffer.byteLength(text);
  return bytes;
}
