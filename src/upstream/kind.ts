import type { z } from "zod";
import type { Redactor } from "../lib/redactor.ts";
import type { Emit } from "../protocol/events.ts";
import type { Connect } from "../protocol/upstream.ts";
import type { Descriptors } from "./descriptors.ts";
import type { Population } from "./population.ts";
import type { Reaper } from "./reaper.ts";
import type { StartGate } from "./start-gate.ts";

/** What every kind of upstream may use. */
export interface UpstreamContext {
  readonly emit: Emit;
  readonly redactor: Redactor;
  readonly reaper: Reaper;
  readonly descriptors: Descriptors;
  readonly startGate: StartGate;
  readonly population: Population;
  readonly gatewayEnv: NodeJS.ProcessEnv;
  readonly messageBytes: number;
  readonly queueBytes: number;
  readonly crashLoop: number;
  /** Callers may read the last words of a server that ended. */
  readonly exposeStderr: boolean;
}

/** One entry of the catalog, ready to be connected to. */
export interface ServerEntry {
  readonly name: string;
  readonly connect: Connect;
  /** Begins to keep ready what the entry says; before, and after `close`, nothing is. */
  readonly open: () => void;
  /** Ends what is kept ready. What is connected is its session's. */
  readonly close: () => Promise<void>;
  /** What the entry says of the calls that the gateway makes for REST callers. */
  readonly calls: { readonly timeoutMs: number | undefined; readonly serial: boolean };
  /** How the start-up table names what is behind it. */
  readonly summary: string;
  /** What the operator should know before the first session, for example a command that is not on PATH. */
  readonly warnings: () => readonly string[];
}

/** A way to reach MCP servers: its config and how to open it. The config type is closed over, so kinds fit one list. */
export interface UpstreamKind {
  readonly type: string;
  readonly config: z.ZodObject;
  readonly entry: (name: string, config: unknown, context: UpstreamContext) => ServerEntry;
}

export interface UpstreamKindDefinition<C extends z.ZodObject> {
  readonly type: string;
  readonly config: C;
  readonly entry: (name: string, config: z.output<C>, context: UpstreamContext) => ServerEntry;
}

export function defineUpstreamKind<C extends z.ZodObject>(kind: UpstreamKindDefinition<C>): UpstreamKind {
  return { ...kind, entry: (name, config, context) => kind.entry(name, kind.config.parse(config), context) };
}
