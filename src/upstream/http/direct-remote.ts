import type { Redactor } from "../../lib/redactor.ts";
import type { GatewayError } from "../../protocol/errors.ts";
import type { Emit } from "../../protocol/events.ts";
import type { Frame, RequestFrame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";
import type { Connect, Destination, Upstream, UpstreamListener } from "../../protocol/upstream.ts";
import { Circuit } from "./circuit.ts";
import { StaticCredential } from "./credential.ts";
import { FallbackClient } from "./fallback.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Network } from "./network.ts";
import { insistenceFor, Patience } from "./patience.ts";
import type { Remote, RemoteOptions } from "./remote.ts";
import { SeenTools } from "./seen-tools.ts";
import { SseClient } from "./sse-client.ts";
import { StreamableClient } from "./streamable-client.ts";

export interface DirectOptions {
  readonly url: URL;
  /** The name that the server has in messages. */
  readonly server: string;
  readonly transport: RemoteTransport;
  /** Of every request, names in lower case and values in turn. */
  readonly headers: readonly string[];
  /** How long a connection may take, and a request wait for one altogether. */
  readonly connectMs: number;
  readonly waitMs: number;
  readonly retries: number;
  readonly retryDelayMs: number;
  /** How often a quiet server is asked whether it is there. */
  readonly healthMs: number;
  readonly messageBytes: number;
  readonly queueBytes: number;
  /** Whether a request of this method may be sent twice. */
  readonly isHarmless: (method: string) => boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly emit: Emit;
  readonly redactor: Redactor;
}

export type RemoteTransport = "auto" | "http" | "sse";

const CONNECTIONS = 256;
const STREAMS = 64;

/** One remote server with no config entry, which has one client: its requests wait while the server is away. */
export class DirectRemote {
  readonly tools: SeenTools;
  readonly #remote: Remote;
  readonly #transport: RemoteTransport;
  readonly #headers: readonly string[];
  readonly #patience: Patience;
  readonly #preference = { isSse: false };

  constructor(options: DirectOptions) {
    const { url, server, transport, headers, connectMs, healthMs, messageBytes, queueBytes, env, emit } = options;
    this.#transport = transport;
    this.#headers = headers;
    this.tools = new SeenTools(server);
    this.#patience = new Patience({ ...options, origin: url.origin, delayMs: options.retryDelayMs });
    // One client waits for it as long as it likes: nothing is refused at once.
    const circuit = new Circuit(url.origin, emit, Number.POSITIVE_INFINITY);
    this.#remote = {
      server,
      url,
      origin: url.origin,
      network: new Network({ connections: CONNECTIONS, streams: STREAMS, connectMs, tls: {}, env }),
      circuit,
      heartbeat: new Heartbeat(healthMs, circuit, emit),
      credential: new StaticCredential([]),
      forwarded: [],
      mirrored: new Map(),
      // A request has its own time, whatever its connection does.
      limits: { messageBytes, queueBytes, headersMs: 0, bodyMs: 0 },
      emit,
      masked: (text) => options.redactor.text(text),
      patience: this.#patience,
      insistence: insistenceFor(url.origin, emit, options.waitMs),
      isHarmless: (frame) => options.isHarmless(frame.method) || this.#isHarmlessCall(frame),
    };
  }

  /** For a client of the revisions with sessions. */
  readonly connect: Connect = (destination, listener) =>
    this.#watched(listener, (watching) => {
      const options = this.#optionsFor(destination, watching);
      if (this.#transport === "sse") return new SseClient(options);
      return this.#transport === "http" ? new StreamableClient(options) : new FallbackClient(options, this.#preference);
    });

  /** For a client of MCP 2026-07-28. */
  readonly connectModern: Connect = (destination, listener) =>
    this.#watched(listener, (watching) => new StreamableClient(this.#optionsFor(destination, watching)));

  /** Why requests wait; undefined while none has to. */
  get outage(): GatewayError | undefined {
    return this.#patience.outage;
  }

  close(): void {
    this.#patience.close();
    this.#remote.network.close();
  }

  #optionsFor({ sessionId }: Destination, listener: UpstreamListener): RemoteOptions {
    return { remote: this.#remote, sessionId, headers: this.#headers, caller: undefined, listener };
  }

  /** Reads the lists of tools that pass. */
  #watched(listener: UpstreamListener, open: (watching: UpstreamListener) => Upstream): Upstream {
    const { tools } = this;
    const upstream = open({
      ...listener,
      frame: (frame) => {
        tools.received(frame);
        listener.frame(frame);
      },
    });
    return {
      checkRoom: () => upstream.checkRoom(),
      send: (frame: Frame) => {
        tools.sent(frame);
        upstream.send(frame);
      },
      pause: () => upstream.pause(),
      resume: () => upstream.resume(),
      close: () => upstream.close(),
    };
  }

  #isHarmlessCall({ method, params }: RequestFrame): boolean {
    return method === methods.callTool && this.tools.mayRepeat(params?.["name"]);
  }
}
