import type { JsonObject } from "../../lib/json.ts";
import { byteLength } from "../../lib/lines.ts";
import { cancellation } from "../../protocol/cancellation.ts";
import { identityOf, modernCapabilities } from "../../protocol/eras/from-legacy.ts";
import { withProgressToken } from "../../protocol/eras/ids.ts";
import { modernMethods } from "../../protocol/eras/modern.ts";
import { mayAsk, toLegacy } from "../../protocol/eras/to-legacy.ts";
import type { GatewayError } from "../../protocol/errors.ts";
import { faultFrame } from "../../protocol/fault-frame.ts";
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../../protocol/frame.ts";
import { resultLine, type RequestId } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import type { CallerHeaders, OpenRequest, Upstream } from "../../protocol/upstream.ts";
import { startingError } from "../../protocol/starting-error.ts";
import { AskingCall } from "./asking-call.ts";
import { LegacyCalls } from "./legacy-calls.ts";
import { LegacyGreeting } from "./legacy-greeting.ts";
import { Listens } from "./listens.ts";
import type { Translation } from "./modern-session.ts";
import { Repeats } from "./repeats.ts";
import { ServerLog } from "./server-log.ts";
import { localAnswer, unknownStateAnswer } from "./local-answers.ts";
import { parking } from "./parking.ts";
import type { TranslationOptions } from "./translation-options.ts";

/** Speaks MCP 2026-07-28 with its session and an older revision with its server. */
export class TranslatedUpstream implements Translation {
  readonly #options: TranslationOptions;
  #upstream: Upstream;
  /** Of the latest message, for those of the gateway that follow from it. */
  #caller: CallerHeaders | undefined;
  readonly #asking: AskingCall;
  readonly #listens: Listens;
  #greeting: LegacyGreeting;
  /** Until the server has answered `initialize`. */
  #held: Frame[] | undefined = [];
  #heldBytes = 0;
  #initializeResult: JsonObject = {};
  readonly #calls = new LegacyCalls();
  readonly #log = new ServerLog((method, params) => this.#greeting.ask(method, params));
  readonly #repeats = new Repeats();
  #isOver = false;

  /** Throws what `connect` throws. */
  constructor(options: TranslationOptions) {
    this.#options = options;
    this.#caller = options.destination.caller;
    const { listener, capabilities, inputMs } = options;
    this.#listens = new Listens({
      tell: (frame) => listener.frame(frame),
      ask: (method, params) => this.#greeting.ask(method, params),
    });
    this.#asking = new AskingCall(
      {
        ...parking(options),
        answer: (frame) => this.#answer(frame),
        toServer: (frame) => this.#toServer(frame),
        pass: (frame) => this.#pass(frame),
        cancel: (id) => this.#cancelAtServer(id),
      },
      capabilities,
      inputMs,
    );
    this.#upstream = this.#connect();
    this.#greeting = this.#newGreeting();
    this.#greeting.begin();
  }

  #connect(): Upstream {
    const { connect, destination } = this.#options;
    return connect(destination, {
      frame: (frame) => this.#fromServer(frame),
      badMessage: (id, error) => this.#onBadMessage(id, error),
      ended: (error, open) => this.#onEnded(error, open),
    });
  }

  #newGreeting(): LegacyGreeting {
    const { capabilities, clientVersion } = this.#options;
    return new LegacyGreeting((frame) => this.#toServer(frame), capabilities, clientVersion);
  }

  get isParked(): boolean {
    return this.#asking.isParked;
  }

  announce(frame: NotificationFrame): void {
    this.#listens.announce(frame);
  }

  checkRoom(): void {
    this.#upstream.checkRoom();
    if (this.#heldBytes <= this.#options.heldBytes) return;
    throw startingError(this.#options.destination.server);
  }

  send(frame: Frame, caller = this.#caller): void {
    this.#caller = caller;
    if (this.#held !== undefined) {
      this.#held.push(frame);
      this.#heldBytes += byteLength(frame.line);
    } else if (frame.kind === "request") this.#request(frame);
    else if (frame.kind === "notification" && frame.method === methods.cancelled) this.#cancel(frame);
  }

  #toServer(frame: Frame): void {
    this.#upstream.send(frame, this.#caller);
  }

  pause(): void {
    this.#upstream.pause();
  }

  resume(): void {
    this.#upstream.resume();
  }

  close(): Promise<void> {
    this.#isOver = true;
    this.#asking.close();
    return this.#upstream.close();
  }

  #request(frame: RequestFrame): void {
    const { id, method } = frame;
    if (method === modernMethods.listen) {
      return this.#listens.open(frame, modernCapabilities(this.#initializeResult));
    }
    const local = localAnswer(frame, this.#initializeResult);
    if (local !== undefined) return this.#answer(local);
    const isAskable = Object.keys(this.#options.capabilities).length > 0;
    if (isAskable && mayAsk(method)) this.#asking.begin(frame);
    else if (mayAsk(method) && frame.params?.["requestState"] !== undefined) this.#answer(unknownStateAnswer(id));
    else this.#pass(frame);
  }

  #pass(frame: RequestFrame): void {
    this.#log.wantedBy(frame, this.#initializeResult);
    this.#calls.add(frame);
    this.#toServer(toLegacy(frame));
  }

  #cancel({ params }: NotificationFrame): void {
    const id = params?.["requestId"];
    if (typeof id !== "number" && typeof id !== "string") return;
    if (this.#asking.withdraw(id) || this.#listens.close(id)) return;
    this.#cancelAtServer(id);
  }

  #cancelAtServer(id: RequestId): void {
    if (!this.#calls.delete(id) || typeof id === "bigint") return;
    this.#toServer(cancellation(id, "the client does not wait any longer"));
  }

  #fromServer(frame: Frame): void {
    if (this.#isOver) return;
    switch (frame.kind) {
      case "response":
        return this.#onResponse(frame);
      case "request":
        if (frame.method !== methods.ping) return this.#calls.lacks(this.#asking.ask(frame));
        return this.#toServer({ kind: "response", id: frame.id, failed: false, line: resultLine(frame.id, {}) });
      case "notification":
        return this.#onNotification(frame);
    }
  }

  #onResponse(frame: ResponseFrame): void {
    if (this.#greeting.takes(frame)) {
      if (this.#held !== undefined && this.#greeting.result !== undefined) this.#onGreeted(this.#greeting.result);
      else if (this.#greeting.refusal !== undefined) this.#onRefused(this.#greeting.refusal);
      return;
    }
    const answer = this.#calls.translate(frame);
    if (answer !== undefined && !this.#asking.takes(frame, answer)) this.#answer(answer);
  }

  #onNotification(frame: NotificationFrame): void {
    const { listener } = this.#options;
    if (frame.method !== methods.progress) {
      this.#listens.announce(frame);
      return listener.frame(frame);
    }
    const token = frame.params?.["progressToken"];
    const id = typeof token === "number" ? this.#asking.currentId(token) : undefined;
    if (typeof id === "number") listener.frame(id === token ? frame : withProgressToken(frame, id));
  }

  #onGreeted(result: JsonObject): void {
    this.#initializeResult = result;
    this.#calls.identity = identityOf(result);
    this.#options.listener.spoken?.();
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#heldBytes = 0;
    this.#resume();
    for (const frame of held) this.send(frame);
  }

  /** Without effect in the first session with the server. */
  #resume(): void {
    this.#log.renew(this.#initializeResult);
    this.#listens.renew();
    for (const frame of this.#repeats.take()) if (this.#calls.has(frame.id)) this.#toServer(frame);
  }

  #onRefused(answer: ResponseFrame): void {
    const { destination, onRefused } = this.#options;
    onRefused(answer);
    this.#onEnded(this.#greeting.refusalError(destination.server));
  }

  #onBadMessage(id: RequestId | undefined, error: GatewayError): void {
    // Without a response to `initialize` the server is unusable.
    if (this.#held !== undefined && this.#greeting.isOpenedBy(id)) return this.#onEnded(error);
    if (id !== undefined && this.#calls.has(id)) this.#onResponse(faultFrame(id, error));
  }

  #onEnded(error: GatewayError, open: readonly OpenRequest[] = []): void {
    if (this.#isOver || this.#begunAnew(error, open)) return;
    this.#asking.close();
    this.#options.listener.ended(error);
  }

  /** A server elsewhere may forget a session: it gets another one, and what it has not run is sent again, once. */
  #begunAnew(error: GatewayError, open: readonly OpenRequest[]): boolean {
    const again = this.#repeats.among(open, (id) => this.#calls.has(id));
    const isLost = error.reason === "session_ended" && this.#held === undefined;
    if (!isLost || again.length === 0 || this.#asking.isParked) return false;
    void this.#upstream.close();
    try {
      this.#upstream = this.#connect();
    } catch {
      return false;
    }
    this.#repeats.keep(again);
    const kept = new Set(again.map(({ id }) => id));
    for (const id of this.#calls.ids) if (!kept.has(id)) this.#onResponse(faultFrame(id, error));
    this.#held = [];
    this.#greeting = this.#newGreeting();
    this.#greeting.begin();
    return true;
  }

  #answer(frame: ResponseFrame): void {
    this.#options.listener.frame(frame);
  }
}
