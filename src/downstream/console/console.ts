import type { ServerResponse } from "node:http";
import { GatewayError } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/principal.ts";
import type { DownstreamContext } from "../context.ts";
import { Again } from "./again.ts";
import { ConsoleAccess } from "./console-access.ts";
import type { ConsoleState, History, SeenText } from "./console-api.ts";
import { HISTORY_STEP_MS } from "../../observability/history/history.ts";
import { textOf } from "./session-log.ts";
import type { ConsoleSources } from "./sources.ts";
import { StateReader } from "./state.ts";
import { Watchers } from "./watchers.ts";

type ConsoleContext = Pick<
  DownstreamContext,
  "gate" | "visibility" | "trustedProxies" | "sessions" | "admission" | "streams" | "events"
>;

/** How old what is known of processes may be when somebody asks once. */
const FRESH_MS = 1_000;

/** What people see of the gateway, and do to it. Every method is for one caller, and about what that caller sees. */
export class Console {
  readonly access: ConsoleAccess;
  readonly again: Again;
  readonly sources: ConsoleSources;
  readonly #reader: StateReader;
  readonly #watchers: Watchers;

  constructor(context: ConsoleContext, sources: ConsoleSources) {
    this.sources = sources;
    this.access = new ConsoleAccess({ ...context, policy: sources.policy });
    this.again = new Again(context, sources);
    this.#reader = new StateReader(sources, (key) => this.access.handle(key));
    const { streams, events } = context;
    this.#watchers = new Watchers({ sources, reader: this.#reader, limits: streams.limits, emit: events.emit });
  }

  async state(principal: Principal): Promise<ConsoleState> {
    await this.#reader.refresh(FRESH_MS);
    return this.#reader.state({ sees: this.#sees(principal) });
  }

  history(principal: Principal): History {
    return { everyMs: HISTORY_STEP_MS, points: this.sources.history.points(this.#sees(principal)) };
  }

  /** Begins an event stream, about one session if `handle` names one. */
  async watch(principal: Principal, handle: string | undefined, response: ServerResponse): Promise<void> {
    this.#watchers.checkRoom();
    await this.#reader.refresh(FRESH_MS);
    const followed = handle === undefined ? undefined : this.#recordingOf(principal, handle);
    const watcher = this.#watchers.open(response, this.access.servers(principal));
    if (followed === undefined) return;
    const { key } = followed.session;
    const facts = this.sources.sessions().find((one) => one.key === key);
    watcher.follow(followed, facts === undefined ? this.#reader.endedRow(followed) : this.#reader.row(facts));
  }

  text(principal: Principal, handle: string, n: number): SeenText {
    const entry = this.#recordingOf(principal, handle).get(n);
    if (entry === undefined) throw new GatewayError("not_found", "This message is not kept any more.");
    return textOf(entry, this.sources.redactor);
  }

  /** A session that can be ended: `end` resolves when it is over and its process gone. Throws when there is none. */
  sessionOf(principal: Principal, handle: string): { readonly server: string; readonly end: () => Promise<void> } {
    const key = this.access.keyOf(handle);
    const facts = this.sources.sessions().find((one) => one.key === key);
    if (facts === undefined || !this.access.sees(principal, facts.server)) throw noSession();
    const { server } = facts;
    return { server, end: async () => this.sources.end(facts.key) };
  }

  /** Ends the streams of all who watch. */
  close(): void {
    this.#watchers.close();
  }

  #recordingOf(principal: Principal, handle: string) {
    const key = this.access.keyOf(handle);
    const { recordings } = this.sources;
    if (recordings === undefined) throw new GatewayError("not_found", "Messages are not recorded (console.record).");
    const recording = key === undefined ? undefined : recordings.find(key);
    if (recording === undefined || !this.access.sees(principal, recording.session.server)) throw noSession();
    return recording;
  }

  #sees(principal: Principal): (server: string) => boolean {
    const servers = new Set(this.access.servers(principal));
    return (server) => servers.has(server);
  }
}

const noSession = (): GatewayError => new GatewayError("session_not_found", "There is no such session any more.");
