import type { Line } from "../lib/lines.ts";
import type { GatewayEvent } from "../protocol/events.ts";
import type { ExchangeOutcome } from "../protocol/exchange.ts";
import { methods } from "../protocol/methods.ts";
import type { Transport } from "../protocol/session.ts";
import { BoundedValues } from "./bounded-values.ts";
import { ToolNames } from "./tool-names.ts";

/** Upper bounds in seconds, from a millisecond to a minute; what takes longer is only in the count. */
export const DURATION_BOUNDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/** What happened to requests with the same labels. Only grows. */
export interface Tally {
  readonly server: string;
  readonly method: string;
  /** Of a `tools/call`; unknown names are `other`. Empty for other methods. */
  readonly tool: string;
  readonly transport: Transport;
  readonly outcome: ExchangeOutcome;
  count: number;
  seconds: number;
  /** How many took at most as long as each of DURATION_BOUNDS, and longer than the bound before it. */
  readonly durations: number[];
}

type Ended = Extract<GatewayEvent, { type: "exchange" }>;
type ByOutcome = Map<ExchangeOutcome, Tally>;
type ByTransport = Map<Transport, ByOutcome>;
/** By server, then by method or tool. */
type Table = Map<string, Map<string, ByTransport>>;

/**
 * Counts every request, on the way of every message: one look-up, no allocation. The metrics are made from these numbers when
 * somebody asks for them.
 */
export class Tallies {
  readonly #tools: Table = new Map();
  readonly #others: Table = new Map();
  readonly #all: Tally[] = [];
  readonly #toolNames = new ToolNames();
  readonly #methodNames = new BoundedValues();

  get all(): readonly Tally[] {
    return this.#all;
  }

  /** Learns the names of tools from the result of `tools/list`. */
  listed(server: string, line: Line): void {
    this.#toolNames.listed(server, line);
  }

  add(ended: Ended): void {
    const isCall = ended.method === methods.callTool;
    const name = isCall
      ? this.#toolNames.label(ended.server, ended.tool, ended.outcome === "result")
      : this.#methodNames.of(ended.method);
    const tally = this.#find(isCall ? this.#tools : this.#others, name, ended) ?? this.#create(isCall, name, ended);
    const seconds = ended.ms / 1_000;
    tally.count++;
    tally.seconds += seconds;
    for (let index = 0; index < DURATION_BOUNDS.length; index++) {
      if (seconds > (DURATION_BOUNDS[index] ?? Infinity)) continue;
      tally.durations[index] = (tally.durations[index] ?? 0) + 1;
      return;
    }
  }

  #find(table: Table, name: string, { server, transport, outcome }: Ended): Tally | undefined {
    return table.get(server)?.get(name)?.get(transport)?.get(outcome);
  }

  #create(isCall: boolean, name: string, { server, method, transport, outcome }: Ended): Tally {
    const tally: Tally = {
      server,
      method: isCall ? method : name,
      tool: isCall ? name : "",
      transport,
      outcome,
      count: 0,
      seconds: 0,
      durations: DURATION_BOUNDS.map(() => 0),
    };
    const byName = within(isCall ? this.#tools : this.#others, server, () => new Map<string, ByTransport>());
    const byTransport = within(byName, name, () => new Map<Transport, ByOutcome>());
    within(byTransport, transport, () => new Map<ExchangeOutcome, Tally>()).set(outcome, tally);
    this.#all.push(tally);
    return tally;
  }
}

function within<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}
