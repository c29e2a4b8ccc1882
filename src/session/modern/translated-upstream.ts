import { member, type JsonObject } from "../../lib/json.ts";
import { byteLength } from "../../lib/lines.ts";
import { discoverResult, identityOf, modernCapabilities } from "../../protocol/eras/from-legacy.ts";
import { withProgressToken } from "../../protocol/eras/ids.ts";
import { MODERN_REVISION, metaKeys, modernMethods } from "../../protocol/eras/modern.ts";
import { isRemoved, mayAsk, toLegacy } from "../../protocol/eras/to-legacy.ts";
import { GatewayError } from "../../protocol/errors.ts";
import { faultFrame } from "../../protocol/fault-frame.ts";
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../../protocol/frame.ts";
import { notificationLine, resultLine, type RequestId } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import type { CallerHeaders, Connect, OpenRequest, Upstream, UpstreamListener } from "../../protocol/upstream.ts";
import { AskingCall } from "./asking-call.ts";
import { LegacyCalls } from "./legacy-calls.ts";
import { LegacyGreeting } from "./legacy-greeting.ts";
import { Listens } from "./listens.ts";
import type { Translation } from "./modern-session.ts";
import { parking, type ParkingOptions } from "./parking.ts";

export interface TranslationOptions extends ParkingOptions {
  readonly connect: Connect;
  readonly listener: UpstreamListener;
  /** What the clients of this process can be asked, as `initialize` says it. */
  readonly capabilities: JsonObject;
  readonly clientVersion: string;
  /** How much may be queued during the handshake. */
  readonly heldBytes: number;
  /** The server has refused `initialize`. */
  readonly onRefused: (answer: ResponseFrame) => void;
}

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
  #hasLogLevel = false;
  /** What a server that has forgotten the session had not run. */
  #again: readonly RequestFrame[] = [];
  readonly #repeated = new WeakSet<RequestFrame>();
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
    const message = `The MCP server "${this.#options.destination.server}" is still starting.`;
    throw new GatewayError("queue_full", message, { retryAfterMs: 1_000 });
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
    if (method === modernMethods.discover) {
      const line = resultLine(id, discoverResult(this.#initializeResult));
      return this.#answer({ kind: "response", id, failed: false, line });
    }
    if (method === modernMethods.listen) {
      return this.#listens.open(frame, modernCapabilities(this.#initializeResult));
    }
    if (isRemoved(method)) {
      const message = `MCP ${MODERN_REVISION} has no method ${method.slice(0, 64)}.`;
      return this.#answer(faultFrame(id, new GatewayError("method_not_found", message)));
    }
    const isAskable = Object.keys(this.#options.capabilities).length > 0;
    if (isAskable && mayAsk(method)) this.#asking.begin(frame);
    else if (mayAsk(method) && frame.params?.["requestState"] !== undefined) this.#refuseState(frame);
    else this.#pass(frame);
  }

  #pass(frame: RequestFrame): void {
    this.#openLog(frame);
    this.#calls.add(frame);
    this.#toServer(toLegacy(frame));
  }

  /** The server sends all its log messages once a client has asked for any; which of them a client gets is decided for each call. */
  #openLog({ params }: RequestFrame): void {
    if (this.#hasLogLevel || member(params?.["_meta"], metaKeys.logLevel) === undefined) return;
    this.#hasLogLevel = true;
    this.#askForLog();
  }

  #askForLog(): void {
    if (modernCapabilities(this.#initializeResult)["logging"] !== undefined) {
      this.#greeting.ask(methods.setLevel, { level: "debug" });
    }
  }

  /** Nothing was ever asked of a client that cannot be asked anything. */
  #refuseState({ id }: RequestFrame): void {
    const message = "No call with this requestState is waiting; call again without it.";
    this.#answer(faultFrame(id, new GatewayError("invalid_request_state", message)));
  }

  #cancel({ params }: NotificationFrame): void {
    const id = params?.["requestId"];
    if (typeof id !== "number" && typeof id !== "string") return;
    if (this.#asking.withdraw(id) || this.#listens.close(id)) return;
    this.#cancelAtServer(id);
  }

  #cancelAtServer(id: RequestId): void {
    if (!this.#calls.delete(id) || typeof id === "bigint") return;
    const params = { requestId: id, reason: "the client does not wait any longer" };
    const line = notificationLine(methods.cancelled, params);
    this.#toServer({ kind: "notification", method: methods.cancelled, params, line });
  }

  #fromServer(frame: Frame): void {
    if (this.#isOver) return;
    switch (frame.kind) {
      case "response":
        return this.#onResponse(frame);
      case "request":
        if (frame.method !== methods.ping) return this.#ask(frame);
        return this.#toServer({
          kind: "response",
          id: frame.id,
          failed: false,
          line: resultLine(frame.id, {}),
        });
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

  #ask(frame: RequestFrame): void {
    const missing = this.#asking.ask(frame);
    if (missing !== undefined) this.#calls.lacks(missing);
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
    if (this.#hasLogLevel) this.#askForLog();
    this.#listens.renew();
    for (const frame of this.#again) if (this.#calls.has(frame.id)) this.#toServer(frame);
    this.#again = [];
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
    const again = open.flatMap(({ frame, mayHaveRun }) =>
      mayHaveRun || !this.#calls.has(frame.id) || this.#repeated.has(frame) ? [] : [frame],
    );
    const isLost = error.reason === "session_ended" && this.#held === undefined;
    if (!isLost || again.length === 0 || this.#asking.isParked) return false;
    void this.#upstream.close();
    try {
      this.#upstream = this.#connect();
    } catch {
      return false;
    }
    for (const frame of again) this.#repeated.add(frame);
    const kept = new Set(again.map(({ id }) => id));
    for (const id of this.#calls.ids) if (!kept.has(id)) this.#onResponse(faultFrame(id, error));
    this.#again = again;
    this.#held = [];
    this.#greeting = this.#newGreeting();
    this.#greeting.begin();
    return true;
  }

  #answer(frame: ResponseFrame): void {
    this.#options.listener.frame(frame);
  }
}
