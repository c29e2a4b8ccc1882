import { isObject, member, type JsonObject } from "../../lib/json.ts";
import { byteLength } from "../../lib/lines.ts";
import { CAPABILITY_FOR } from "../../protocol/eras/input-capabilities.ts";
import { askOf, asksOfError, inputRequired, responsesTo, type Ask } from "../../protocol/eras/input-required.ts";
import { withResponseId } from "../../protocol/eras/ids.ts";
import { URL_ELICITATION_REQUIRED } from "../../protocol/eras/from-legacy.ts";
import type { CallState } from "../../protocol/eras/request-state.ts";
import { GatewayError } from "../../protocol/errors.ts";
import { faultFrame } from "../../protocol/fault-frame.ts";
import type { Frame, RequestFrame, ResponseFrame } from "../../protocol/frame.ts";
import { errorLine, type RequestId } from "../../protocol/jsonrpc.ts";
import { errorOf } from "../../protocol/result-text.ts";

export interface AskingHost {
  /** Answers a request of the client. `frame` is in the form of MCP 2026-07-28. */
  answer(frame: ResponseFrame): void;
  /** Sends a message to the server. */
  toServer(frame: Frame): void;
  /** Sends a call to the server. */
  pass(frame: RequestFrame): void;
  /** Tells the server that the call is not waited for any longer. */
  cancel(id: RequestId): void;
  seal(call: RequestFrame, state: Pick<CallState, "round">): string;
  /** The state that a retry carries; undefined when it is not for this process and this call. */
  open(retry: RequestFrame): Pick<CallState, "round"> | undefined;
  /** Calls back later; returns how to prevent that. */
  later(ms: number, run: () => void): () => void;
  /** A call waits for its client from now on; `end` is for when too many do. Returns what is to be called when it waits no longer. */
  parks(end: () => void): () => void;
  /** A parked call was given up: nobody has come back for it in time. */
  givenUp(): void;
}

/** Requests that a server sends at once become one question. */
const GATHER_MS = 25;
/** More than this is refused: a server that asks without end. */
const MAX_ASKS = 64;
const MAX_BYTES = 4 * 1024 * 1024;
/** The round of a call that the server has ended and that is simply called again. */
export const AGAIN = 0;

interface Answer {
  readonly raw: ResponseFrame;
  readonly translated: ResponseFrame;
}

/** The call that is running, or waits for its client's answers. */
interface Running {
  readonly frame: RequestFrame;
  /** The id of the client's latest request for it; undefined while it is parked. */
  id: RequestId | undefined;
  round: number;
  /** What the server has answered while it was parked: as it came, and for the client. */
  answer: Answer | undefined;
}

/**
 * The one call of a process that may be asked something: what the server asks becomes the answer "input required", the call is parked,
 * and the client's next request with the answers carries on with it (MCP 2026-07-28, multi round-trip requests).
 */
export class AskingCall {
  readonly #host: AskingHost;
  readonly #capabilities: JsonObject;
  readonly #inputMs: number;
  #running: Running | undefined;
  #asks: Ask[] = [];
  #asked = 0;
  /** Of the questions since none was open. */
  #askedBytes = 0;
  #rounds = AGAIN;
  #stopTimer: () => void = () => undefined;

  constructor(host: AskingHost, capabilities: JsonObject, inputMs: number) {
    this.#host = host;
    this.#capabilities = capabilities;
    this.#inputMs = inputMs;
  }

  get isParked(): boolean {
    return this.#running !== undefined && this.#running.id === undefined;
  }

  /** The id under which the client waits for what the server calls `id`; undefined while nobody does. */
  currentId(id: RequestId): RequestId | undefined {
    return this.#running?.frame.id === id ? this.#running.id : id;
  }

  /** A request of the client, new or a retry. */
  begin(frame: RequestFrame): void {
    const given = frame.params?.["requestState"];
    if (given === undefined) return this.#start(frame);
    const round = this.#host.open(frame)?.round;
    if (round === AGAIN) return this.#start(frame);
    const running = this.#running;
    if (round !== undefined && running?.id === undefined && round === running?.round)
      return this.#resume(running, frame);
    const message = "The requestState is not, or no longer, that of this call; call again without it.";
    this.#host.answer(faultFrame(frame.id, new GatewayError("invalid_request_state", message)));
  }

  /** A request of the server. Returns the capability that its client has not declared, if it needs one. */
  ask(frame: RequestFrame): JsonObject | undefined {
    if (this.#asks.length === 0) this.#askedBytes = 0;
    const missing = this.#missingFor(frame);
    if (missing !== undefined || !CAPABILITY_FOR.has(frame.method)) {
      this.#refuse(frame.id, `This client does not support ${frame.method}.`);
      return missing;
    }
    const bytes = byteLength(frame.line);
    if (this.#asks.length >= MAX_ASKS || this.#askedBytes + bytes > MAX_BYTES) {
      this.#refuse(frame.id, "Too many questions at once.");
      return undefined;
    }
    this.#askedBytes += bytes;
    this.#asks.push(askOf(frame, ++this.#asked));
    if (this.#running?.id !== undefined) this.#gather();
    return undefined;
  }

  /** An answer of the server, as it came and for the client; false when it is not that of this call. */
  takes(raw: ResponseFrame, translated: ResponseFrame): boolean {
    const running = this.#running;
    if (running === undefined || running.frame.id !== raw.id) return false;
    if (running.id === undefined) running.answer = { raw, translated };
    else this.#finish(running.id, running, { raw, translated });
    return true;
  }

  /** The client does not wait for this request any longer; false when it is not that of this call. */
  withdraw(id: RequestId): boolean {
    if (this.#running?.id !== id) return false;
    this.#giveUp();
    return true;
  }

  close(): void {
    this.#stopTimer();
  }

  #start(frame: RequestFrame): void {
    // A retry that a policy has replaced is a new call; what was asked for the parked one is not put to its client.
    this.#giveUp();
    this.#running = { frame, id: frame.id, round: AGAIN, answer: undefined };
    this.#host.pass(frame);
    // What the server wanted to know before anybody called, such as the roots.
    if (this.#asks.length > 0) this.#gather();
  }

  #resume(running: Running, frame: RequestFrame): void {
    this.#stopTimer();
    running.id = frame.id;
    if (running.answer !== undefined) return this.#finish(frame.id, running, running.answer);
    const { responses, open } = responsesTo(this.#asks, frame.params?.["inputResponses"]);
    this.#asks = [...open];
    for (const response of responses) this.#host.toServer(response);
    if (open.length > 0) this.#park(running);
  }

  #gather(): void {
    this.#stopTimer();
    this.#stopTimer = this.#host.later(GATHER_MS, () => {
      if (this.#running !== undefined && this.#asks.length > 0) this.#park(this.#running);
    });
  }

  #park(running: Running): void {
    const { id, frame } = running;
    if (id === undefined) return;
    running.round = ++this.#rounds;
    running.id = undefined;
    this.#stopTimer();
    const stopTimer = this.#host.later(this.#inputMs, () => this.#giveUp());
    const leave = this.#host.parks(() => this.#giveUp());
    this.#stopTimer = () => {
      stopTimer();
      leave();
    };
    this.#host.answer(inputRequired(id, this.#asks, this.#host.seal(frame, running)));
  }

  #finish(id: RequestId, { frame }: Running, { raw, translated }: Answer): void {
    this.#running = undefined;
    this.#stopTimer();
    this.#forget("The call is over.");
    const asks = this.#asksIn(raw);
    if (asks.length > 0) this.#host.answer(inputRequired(id, asks, this.#host.seal(frame, { round: AGAIN })));
    else this.#host.answer(withResponseId(translated, id));
  }

  /** Error -32042 of MCP 2025-11-25: the call is to be made again after its user has visited a URL. */
  #asksIn(answer: ResponseFrame): readonly Ask[] {
    if (!answer.failed || answer.fault !== undefined || !this.#takesUrls) return [];
    const { code, data } = errorOf(answer.line);
    return code === URL_ELICITATION_REQUIRED ? asksOfError(data).slice(0, MAX_ASKS) : [];
  }

  #giveUp(): void {
    const running = this.#running;
    this.#running = undefined;
    this.#stopTimer();
    if (running === undefined) return;
    if (running.answer === undefined) this.#host.cancel(running.frame.id);
    this.#forget("The client has not answered.");
    if (running.id === undefined) this.#host.givenUp();
  }

  /** Refuses what the call that is over had asked. The roots are not of one call, so that question stays. */
  #forget(why: string): void {
    const asks = this.#asks;
    this.#asks = asks.filter(({ method }) => method === "roots/list");
    for (const { id, method } of asks) if (id !== undefined && method !== "roots/list") this.#refuse(id, why);
  }

  #missingFor({ method, params }: RequestFrame): JsonObject | undefined {
    const needed = CAPABILITY_FOR.get(method);
    if (needed === undefined) return undefined;
    if (this.#capabilities[needed] === undefined) return { [needed]: {} };
    return member(params, "mode") === "url" && !this.#takesUrls ? { [needed]: { url: {} } } : undefined;
  }

  get #takesUrls(): boolean {
    return isObject(member(this.#capabilities["elicitation"], "url"));
  }

  #refuse(id: RequestId, why: string): void {
    const line = errorLine(id, new GatewayError("not_supported", why));
    this.#host.toServer({ kind: "response", id, failed: true, line });
  }
}
