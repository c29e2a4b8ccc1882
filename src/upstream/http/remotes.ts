import { existsSync } from "node:fs";
import { isLoopback } from "../../lib/hosts.ts";
import { durationMs } from "../../lib/units.ts";
import type { Destination, Upstream, UpstreamListener } from "../../protocol/upstream.ts";
import type { Connector, UpstreamContext } from "../kind.ts";
import { fill, headersIn, isTemplate, keyOf } from "../templates.ts";
import { Circuit } from "./circuit.ts";
import { credentialFor } from "./credentials.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { RemoteEntry } from "./http-config.ts";
import { Network } from "./network.ts";
import { isOwnHeader } from "./own-headers.ts";
import { insistenceFor } from "./patience.ts";
import type { Remote, RemoteOptions } from "./remote.ts";

/** What all entries of one kind in one gateway share: one pool of connections and one circuit for each origin. */
export class Remotes {
  readonly #context: UpstreamContext;
  readonly #connections: number;
  readonly #networks = new Map<string, Network>();
  readonly #circuits = new Map<string, Circuit>();

  constructor(context: UpstreamContext, connections: number) {
    this.#context = context;
    this.#connections = connections;
  }

  connector(name: string, entry: RemoteEntry, open: (options: RemoteOptions) => Upstream): Connector {
    const remote = this.#remote(name, entry);
    const headers = Object.entries(entry.headers)
      .map(([header, value]): readonly [string, string] => [header.toLowerCase(), value])
      .filter(([header]) => !isOwnHeader(header));
    const templates = headers.map(([, value]) => value).filter(isTemplate);
    const connect = (destination: Destination, listener: UpstreamListener): Upstream => {
      this.#context.descriptors.checkRoom();
      return open({
        remote,
        sessionId: destination.sessionId,
        headers: headers.flatMap(([header, text]) => {
          const value = fill(text, "header", destination, name);
          // The gateway itself lists the tools without what is not filled in.
          return value === undefined ? [] : [header, value];
        }),
        caller: destination.caller,
        listener,
      });
    };
    return {
      connect,
      callerHeaders: [...remote.forwarded, ...headersIn(templates)],
      callerKey:
        templates.length === 0 ? undefined : (principal, caller) => keyOf(templates, { principal, caller }, name),
      open: () => undefined,
      close: () => Promise.resolve(),
      summary: this.#context.redactor.value(`${remote.url.origin}${remote.url.pathname}`),
      warnings: () => warningsOf(remote.url, entry),
      circuit: () => (remote.circuit.isOpen ? "open" : "closed"),
    };
  }

  close(): void {
    for (const network of this.#networks.values()) network.close();
  }

  #remote(server: string, entry: RemoteEntry): Remote {
    const { emit, redactor, messageBytes, queueBytes } = this.#context;
    const url = new URL(entry.url);
    const circuit = this.#circuit(url.origin);
    const network = this.#network(url.origin, entry);
    return {
      server,
      url,
      origin: url.origin,
      network,
      circuit,
      heartbeat: new Heartbeat(durationMs(entry.heartbeat.interval), circuit, emit),
      credential: credentialFor({ server, url, auth: entry.auth, network, emit }),
      forwarded: entry.forwardHeaders.map((header) => header.toLowerCase()),
      mirrored: new Map(),
      limits: {
        messageBytes,
        queueBytes,
        headersMs: noLimitAsZero(durationMs(entry.headersTimeout)),
        bodyMs: noLimitAsZero(durationMs(entry.bodyTimeout)),
      },
      insistence: insistenceFor(url.origin, emit),
      emit,
      masked: (text) => redactor.text(text),
    };
  }

  #circuit(origin: string): Circuit {
    const known = this.#circuits.get(origin) ?? new Circuit(origin, this.#context.emit);
    this.#circuits.set(origin, known);
    return known;
  }

  /** Entries share the connections to an origin unless they prove something else there. */
  #network(origin: string, { tls, connectTimeout }: RemoteEntry): Network {
    const key = JSON.stringify([origin, tls, connectTimeout]);
    const { sessions, gatewayEnv } = this.#context;
    const known =
      this.#networks.get(key) ??
      new Network({
        connections: this.#connections,
        // Each session has one stream, and the answers of others may be resumed.
        streams: 2 * sessions.all,
        connectMs: Math.min(durationMs(connectTimeout), 2 ** 31 - 1),
        tls,
        env: gatewayEnv,
      });
    this.#networks.set(key, known);
    return known;
  }
}

function warningsOf({ protocol, hostname }: URL, { auth, tls }: RemoteEntry): string[] {
  const isOpen = protocol === "http:" && !isLoopback(hostname) && auth !== undefined;
  const files = [tls.ca, tls.cert, tls.key].filter((file) => file !== undefined && !existsSync(file));
  return [
    ...(isOpen ? ["its credential can be read on the way, because its url is not https"] : []),
    ...files.map((file) => `the file "${file}" of its tls does not exist`),
  ];
}

const noLimitAsZero = (ms: number): number => (Number.isFinite(ms) ? ms : 0);
