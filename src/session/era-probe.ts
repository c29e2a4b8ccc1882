import { nanoid } from "nanoid";
import type { JsonObject } from "../lib/json.ts";
import { discoveredIn, envelopeOf, type ClientFacts } from "../protocol/eras/discover.ts";
import { modernMethods } from "../protocol/eras/modern.ts";
import { NEWEST_LEGACY_REVISION } from "../protocol/eras/revisions.ts";
import { toGatewayError, type GatewayError } from "../protocol/errors.ts";
import { guarded, type Emit } from "../protocol/events.ts";
import type { Frame, ResponseFrame } from "../protocol/frame.ts";
import { requestLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import { gatewayItself } from "../protocol/principal.ts";
import type { Connect, Upstream } from "../protocol/upstream.ts";

/** Whether a server speaks each era; undefined when that is not known. */
export interface EraFacts {
  readonly legacy?: boolean | undefined;
  readonly modern?: boolean | undefined;
}

export interface ProbeOutcome extends EraFacts {
  /** It could not be reached at all, so that nothing was found out about what it says. */
  readonly isAway?: boolean;
}

export interface ProbeOptions {
  readonly connect: Connect;
  readonly server: string;
  /** The gateway's own `clientInfo`. */
  readonly clientInfo: ClientFacts["clientInfo"];
  readonly emit: Emit;
}

/** A server that has not answered `server/discover` by then is sent `initialize` too: some never answer what they do not know. */
const NUDGE_MS = 1_500;
/** How long the answer to `server/discover` may come after that to `initialize`. */
const GRACE_MS = 500;
const PROBE_MS = 10_000;

/**
 * Asks a process of its own what its server speaks (MCP 2026-07-28, stdio, backward compatibility): some servers exit at any
 * request before `initialize`. Resolves with nothing known when the server says nothing or cannot be started.
 */
export function probeEra(options: ProbeOptions): Promise<ProbeOutcome> {
  return new Promise((resolve) => new Probe(options, resolve).start());
}

const isAway = ({ reason }: GatewayError): boolean => reason === "upstream_unreachable" || reason === "circuit_open";

class Probe {
  readonly #options: ProbeOptions;
  readonly #resolve: (facts: ProbeOutcome) => void;
  readonly #discoverId = `mcp-gateway:${nanoid()}`;
  readonly #initializeId = `mcp-gateway:${nanoid()}`;
  readonly #timers: NodeJS.Timeout[] = [];
  #upstream: Upstream | undefined;
  #legacy: boolean | undefined;
  #isNudged = false;
  /** The server has refused `server/discover` without a response to it, as HTTP servers do. */
  #isRefused = false;
  #isOver = false;

  constructor(options: ProbeOptions, resolve: (facts: ProbeOutcome) => void) {
    this.#options = options;
    this.#resolve = resolve;
  }

  start(): void {
    const { connect, server, clientInfo } = this.#options;
    this.#in(PROBE_MS, () => this.#end({ legacy: this.#legacy }));
    try {
      this.#upstream = connect(
        { server, sessionId: "probe", principal: gatewayItself },
        {
          frame: (frame) => this.#read(frame),
          badMessage: (id) => this.#onBadMessage(id),
          ended: (error) => this.#onEnded(error),
        },
      );
    } catch (thrown) {
      // The next session of this server is refused for the same reason, and reports it.
      return this.#end({ isAway: isAway(toGatewayError(thrown)) });
    }
    // It may have ended while it was being connected.
    if (this.#isOver) return void this.#upstream.close();
    const facts: ClientFacts = { capabilities: {}, clientInfo };
    this.#ask(this.#discoverId, modernMethods.discover, { _meta: envelopeOf(facts) });
    this.#in(NUDGE_MS, () => this.#nudge());
  }

  #nudge(): void {
    if (this.#isNudged || this.#isOver) return;
    this.#isNudged = true;
    const { clientInfo } = this.#options;
    const params = { protocolVersion: NEWEST_LEGACY_REVISION, capabilities: {}, clientInfo };
    this.#ask(this.#initializeId, methods.initialize, params);
  }

  #onBadMessage(id: RequestId | undefined): void {
    if (id !== this.#discoverId) return;
    this.#isRefused = true;
    this.#nudge();
  }

  #read(frame: Frame): void {
    if (frame.kind !== "response") return;
    if (frame.id === this.#discoverId) return this.#onDiscovered(frame);
    if (frame.id !== this.#initializeId) return;
    this.#legacy = !frame.failed;
    this.#in(this.#isRefused ? 0 : GRACE_MS, () => this.#end({ legacy: this.#legacy, modern: false }));
  }

  #onDiscovered(answer: ResponseFrame): void {
    this.#end({ legacy: this.#legacy, modern: discoveredIn(answer) !== undefined });
  }

  #onEnded(error: GatewayError): void {
    // A server that was started and exits when it is asked does not know the question.
    if (error.reason === "process_exited") return this.#end({ legacy: this.#legacy, modern: false });
    this.#end({ isAway: isAway(error) });
  }

  #ask(id: string, method: string, params: JsonObject): void {
    const text = JSON.stringify(params);
    this.#upstream?.send({ kind: "request", id, method, params, line: requestLine(id, method, text) });
  }

  #in(ms: number, run: () => void): void {
    const what = `the probe of "${this.#options.server}" failed`;
    this.#timers.push(setTimeout(() => guarded(this.#options.emit, what, run), ms));
  }

  #end(facts: ProbeOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    void this.#upstream?.close();
    this.#resolve(facts);
  }
}
