import type { ServerResponse } from "node:http";
import { GatewayError } from "../../protocol/errors.ts";
import { guarded, type Emit } from "../../protocol/events.ts";
import { StreamCare, type StreamLimits } from "../stream-care.ts";
import type { ConsoleState } from "./console-api.ts";
import type { ConsoleSources } from "./sources.ts";
import type { StateReader } from "./state.ts";
import { Watcher } from "./watcher.ts";

const MAX_WATCHERS = 50;
const STATE_MS = 1_000;
/** What only ages is told this often. */
const OLD_STATE_MS = 5_000;
/** /proc is not read more often for those who watch. */
const USAGE_MS = 5_000;
/** What may be queued for a watcher who does not read. */
const BUFFER_BYTES = 256 * 1024;

export interface WatchersOptions {
  readonly sources: ConsoleSources;
  readonly reader: StateReader;
  readonly limits: StreamLimits;
  readonly emit: Emit;
}

/** All who watch. While nobody does, there is no timer and nothing is computed. */
export class Watchers {
  readonly #options: WatchersOptions;
  readonly #care: StreamCare;
  readonly #all = new Set<Watcher>();
  #timer: NodeJS.Timeout | undefined;
  #unlisten: (() => void) | undefined;
  #isTicking = false;

  constructor(options: WatchersOptions) {
    this.#options = options;
    const { limits, emit } = options;
    this.#care = new StreamCare({ ...limits, bufferBytes: BUFFER_BYTES }, emit);
  }

  get size(): number {
    return this.#all.size;
  }

  checkRoom(): void {
    if (this.#all.size < MAX_WATCHERS) return;
    throw new GatewayError("queue_full", `Already ${MAX_WATCHERS} pages of the console are open.`, {
      retryAfterMs: 5_000,
    });
  }

  /** Begins the stream with the state as it is now. */
  open(response: ServerResponse, servers: readonly string[]): Watcher {
    this.checkRoom();
    const { redactor } = this.#options.sources;
    const watcher = new Watcher({
      response,
      care: this.#care,
      redactor,
      servers,
      onClosed: (closed) => this.#remove(closed),
    });
    this.#all.add(watcher);
    this.#start();
    this.#tellState(watcher, this.#stateFor(watcher));
    return watcher;
  }

  /** The gateway ends: so do the streams. */
  close(): void {
    for (const watcher of this.#all) watcher.end();
  }

  #start(): void {
    if (this.#timer !== undefined) return;
    const { reader, sources } = this.#options;
    reader.measure(true);
    this.#timer = setInterval(() => void this.#tick(), STATE_MS);
    this.#unlisten = sources.history.listen(() => this.#tellPoints());
  }

  #remove(watcher: Watcher): void {
    this.#all.delete(watcher);
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#unlisten?.();
    this.#options.reader.measure(false);
  }

  async #tick(): Promise<void> {
    if (this.#isTicking) return;
    this.#isTicking = true;
    const { emit, reader } = this.#options;
    try {
      await reader.refresh(USAGE_MS);
      guarded(emit, "the console could not be told how things are", () => this.#tellStates());
    } catch (cause) {
      emit({ type: "trouble", what: "what processes use could not be read for the console", cause });
    } finally {
      this.#isTicking = false;
    }
  }

  /** Those who see the same servers are told the same. */
  #tellStates(): void {
    const states = new Map<string, ConsoleState>();
    for (const watcher of this.#all) {
      const view = [...watcher.servers].join("\n");
      const state = states.get(view) ?? this.#stateFor(watcher);
      states.set(view, state);
      this.#tellState(watcher, state);
    }
  }

  #stateFor({ servers }: Watcher): ConsoleState {
    return this.#options.reader.state({ sees: (server) => servers.has(server) });
  }

  #tellState(watcher: Watcher, state: ConsoleState): void {
    const signature = signatureOf(state);
    const { told } = watcher;
    if (told?.signature === signature && state.at - told.at < OLD_STATE_MS) return;
    if (watcher.send("state", state)) watcher.told = { signature, at: state.at };
  }

  #tellPoints(): void {
    for (const watcher of this.#all) {
      const point = this.#options.sources.history.latest((server) => watcher.servers.has(server));
      if (point !== undefined) watcher.send("point", point);
    }
  }
}

/** What makes a state worth telling: not that everything has become a second older. */
function signatureOf({ servers, sessions, ended }: ConsoleState): string {
  const cards = servers.map(({ name, state, era, processes, tools, errors, callsPerSecond, lastError }) =>
    [name, state, era, processes, tools, errors, callsPerSecond.toFixed(1), lastError].join(" "),
  );
  const rows = sessions.map(({ key, pid, calls }) => `${key} ${pid} ${calls}`);
  return [...cards, ...rows, ended.length, ended[0]?.key].join("\n");
}
