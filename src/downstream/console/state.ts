import { monitorEventLoopDelay, type IntervalHistogram } from "node:perf_hooks";
import type { Recording } from "../../observability/recording/recording.ts";
import type { ServerReport } from "../../observability/server-report.ts";
import type { SessionFacts } from "../../protocol/session.ts";
import type { ProcessUsage } from "../../protocol/upstream.ts";
import type { ConsoleState, EndedSession, GatewayFigures, ServerCard, SessionRow } from "./console-api.ts";
import type { ConsoleSources } from "./sources.ts";

/** More rows help nobody, and a page of them would have to be sent every second. */
const MAX_SESSIONS = 500;
const NS_PER_MS = 1_000_000;

/** Who looks, as far as it matters for what is seen. */
export interface View {
  readonly sees: (server: string) => boolean;
}

/** What the console shows of the present. */
export class StateReader {
  readonly #sources: ConsoleSources;
  readonly #handle: (sessionKey: string) => string;
  #usage: ProcessUsage = { bytes: new Map(), cpuSeconds: new Map() };
  #usageAt = Number.NEGATIVE_INFINITY;
  #delay: IntervalHistogram | undefined;

  constructor(sources: ConsoleSources, handle: (sessionKey: string) => string) {
    this.#sources = sources;
    this.#handle = handle;
  }

  /** Reads anew what the processes use if that is older than `maxAgeMs`. */
  async refresh(maxAgeMs: number): Promise<void> {
    if (performance.now() - this.#usageAt < maxAgeMs) return;
    this.#usageAt = performance.now();
    this.#usage = await this.#sources.usage();
  }

  /** The delay of the event loop is measured only while somebody watches. */
  measure(isWatched: boolean): void {
    if (!isWatched) this.#delay?.disable();
    else {
      this.#delay ??= monitorEventLoopDelay();
      this.#delay.enable();
    }
  }

  state({ sees }: View): ConsoleState {
    const { version, recordings } = this.#sources;
    const facts = this.#sources.sessions();
    const visible = facts.filter(({ server }) => sees(server)).toSorted((a, b) => a.idleMs - b.idleMs);
    const rows = this.#rowMaker();
    return {
      version,
      at: Date.now(),
      records: recordings !== undefined,
      gateway: this.#figures(facts.length),
      servers: this.#cards(sees),
      sessions: visible.slice(0, MAX_SESSIONS).map(rows),
      notListed: Math.max(0, visible.length - MAX_SESSIONS),
      ended: (recordings?.ended ?? []).filter(({ session }) => sees(session.server)).map((one) => this.endedRow(one)),
    };
  }

  row(facts: SessionFacts): SessionRow {
    return this.#rowMaker()(facts);
  }

  endedRow(recording: Recording): EndedSession {
    return endedRow(recording, this.#handle(recording.session.key));
  }

  #figures(sessions: number): GatewayFigures {
    const { rss, heapUsed } = process.memoryUsage();
    const delay = this.#delay?.mean ?? Number.NaN;
    this.#delay?.reset();
    return {
      residentBytes: rss,
      heapBytes: heapUsed,
      loopDelayMs: Number.isNaN(delay) ? 0 : Math.max(0, delay / NS_PER_MS - RESOLUTION_MS),
      processes: this.#sources.processes().length,
      sessions,
    };
  }

  #cards(sees: View["sees"]): ServerCard[] {
    const bytes = new Map<string, number>();
    for (const { server, pid } of this.#sources.processes())
      bytes.set(server, (bytes.get(server) ?? 0) + (this.#usage.bytes.get(pid) ?? 0));
    return this.#sources
      .servers()
      .filter(({ name }) => sees(name))
      .map((report) => this.#card(report, bytes.get(report.name) ?? 0));
  }

  #card(report: ServerReport, residentBytes: number): ServerCard {
    const { name, kind, state, era, processes, sessions, tools, calls, lastFailure } = report;
    return {
      name,
      kind,
      state,
      era,
      processes: processes.used + processes.warm + processes.starting + processes.ending,
      residentBytes,
      sessions,
      tools,
      callsPerSecond: this.#sources.history.rateOf(name),
      errors: calls?.errors ?? 0,
      stderr: this.#sources.lastWords(name) ?? lastFailure?.stderr,
      lastError: lastFailure?.message,
    };
  }

  #rowMaker(): (facts: SessionFacts) => SessionRow {
    const pids = new Map<string, number>();
    for (const { pid, server, sessionId, principal, state } of this.#sources.processes())
      if (state !== "ending") pids.set(placeOf(server, principal, sessionId), pid);
    return ({ key, id, server, principal, transport, era, ageMs, idleMs, calls }) => {
      const pid = pids.get(placeOf(server, principal, id));
      const residentBytes = pid === undefined ? undefined : this.#usage.bytes.get(pid);
      const age = { ageMs: Math.round(ageMs), idleMs: Math.round(idleMs) };
      return { key: this.#handle(key), server, principal, transport, era, ...age, pid, residentBytes, calls };
    };
  }
}

/** The default of `monitorEventLoopDelay`: without any delay it measures this. */
const RESOLUTION_MS = 10;

const placeOf = (server: string, principal: string, id: string): string => `${server}\n${principal}\n${id}`;

function endedRow({ session, over, startedAt, calls }: Recording, key: string): EndedSession {
  const { server, principal, transport, era } = session;
  const { endedAt = startedAt, reason = "" } = over ?? {};
  const ageMs = endedAt - startedAt;
  const idleMs = Date.now() - endedAt;
  const gone = { pid: undefined, residentBytes: undefined };
  return { key, server, principal, transport, era, ageMs, idleMs, ...gone, calls, endedAt, reason };
}
