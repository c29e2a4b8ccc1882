import type { Events, GatewayEvent } from "../protocol/events.ts";
import type { ServerProcessFacts } from "../protocol/upstream.ts";
import type { Level } from "./config.ts";
import { History } from "./history/history.ts";
import { logEvents } from "./log-events.ts";
import type { Log } from "./logger.ts";
import { Metrics } from "./metrics/metrics.ts";
import { Recordings } from "./recording/recordings.ts";
import { ServerHealth } from "./server-health.ts";
import type { ServerFacts, ServerReport } from "./server-report.ts";
import { serverReports } from "./server-reports.ts";
import type { Sources } from "./sources.ts";
import { Tallies, type Tally } from "./tallies.ts";
import { OtelSpans } from "./tracing/otel-spans.ts";
import { registeredSdk } from "./tracing/registered-sdk.ts";

export interface ObservationOptions {
  readonly version: string;
  readonly level: Level;
  readonly log: Log;
  readonly hasMetrics: boolean;
  /** What is kept for the console: nothing, the figures of the last hour, or the last messages too. */
  readonly keeps: "nothing" | "figures" | "messages";
  /** Hears of every event, after the log: the audit trail. */
  readonly hear: (event: GatewayEvent) => void;
  /** What the other rooms tell when they are asked. */
  readonly ask: Pick<Sources, "sessions" | "usage"> & {
    readonly servers: () => readonly ServerFacts[];
    readonly processes: () => readonly ServerProcessFacts[];
  };
}

type Listener = (event: GatewayEvent) => void;

/** Everything that listens to the events of a gateway: its log, its metrics, its traces, and the health of its servers. */
export class Observation {
  readonly events: Events;
  readonly health = new ServerHealth();
  /** Undefined when neither metrics nor the console need them. */
  readonly tallies: Tallies | undefined;
  /** Undefined when they are off. */
  readonly metrics: Metrics | undefined;
  /** Undefined when there is no console. */
  readonly history: History | undefined;
  /** Undefined when messages are not recorded. */
  readonly recordings: Recordings | undefined;
  readonly #options: ObservationOptions;

  constructor(options: ObservationOptions) {
    this.#options = options;
    const { version, ask, hasMetrics, keeps } = options;
    const { processes, sessions, usage } = ask;
    const servers = (): ServerReport[] => this.servers();
    this.tallies = hasMetrics || keeps !== "nothing" ? new Tallies() : undefined;
    this.recordings = keeps === "messages" ? new Recordings() : undefined;
    const tallies = (): readonly Tally[] => this.tallies?.all ?? [];
    this.metrics = hasMetrics ? new Metrics({ version, processes, sessions, usage, servers, tallies }) : undefined;
    this.events = this.#createEvents(options);
    const { emit } = this.events;
    const names = (): string[] => ask.servers().map(({ name }) => name);
    this.history = keeps === "nothing" ? undefined : new History({ servers: names, tallies, processes, usage, emit });
  }

  /** Loads what has only been noted so far: the gateway listens, and nobody waits for it. */
  start(): void {
    this.history?.start();
    this.metrics?.load().catch((cause: unknown) => {
      this.events.emit({ type: "trouble", what: "the metrics could not be loaded; a scrape tries again", cause });
    });
  }

  stop(): void {
    this.history?.stop();
  }

  /** How each server of the catalog is. */
  servers(): ServerReport[] {
    const { servers, sessions, processes } = this.#options.ask;
    return serverReports({
      facts: servers(),
      sessions: sessions(),
      processes: processes(),
      health: this.health,
      tallies: this.tallies?.all,
    });
  }

  #createEvents({ level, log, version, hear }: ObservationOptions): Events {
    const isDebug = level === "verbose" || level === "debug";
    const toLog = logEvents(log);
    const spans = this.#openSpans(version, log, toLog);
    // In this order: what fails in one is no reason not to tell the log.
    const listeners: Listener[] = [hear, (event) => this.health.hear(event)];
    const { metrics, tallies } = this;
    if (tallies !== undefined) listeners.push((event) => count(event, tallies));
    if (metrics !== undefined) listeners.push((event) => metrics.hear(event));
    if (spans !== undefined) listeners.push((event) => spans.hear(event));
    const emit = (event: GatewayEvent): void => {
      // Of every exchange there is an event for the metrics, and a line in the log only at debug.
      if (event.type !== "exchange" || isDebug) toLog(event);
      try {
        for (const listener of listeners) listener(event);
      } catch (cause) {
        toLog({ type: "trouble", what: `an event (${event.type}) could not be counted`, cause });
      }
    };
    const exchanges = isDebug || tallies !== undefined;
    return { emit, tracing: level === "verbose", exchanges, logsRequests: isDebug, spans, recorder: this.recordings };
  }

  #openSpans(version: string, log: Log, toLog: Listener): OtelSpans | undefined {
    const { isRegistered, tooOld } = registeredSdk();
    if (isRegistered) return new OtelSpans(version, toLog);
    if (tooOld !== undefined) {
      log("warn", `There are no traces: @opentelemetry/api ${tooOld}, which the OpenTelemetry SDK uses, is too old`, {
        needed: "1.9.0",
      });
    }
    return undefined;
  }
}

function count(event: GatewayEvent, tallies: Tallies): void {
  if (event.type === "exchange") tallies.add(event);
  else if (event.type === "tools.listed") tallies.listed(event.server, event.line);
}
