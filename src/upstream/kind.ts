import { z } from "zod";
import type { Redactor } from "../lib/redactor.ts";
import type { Emit } from "../protocol/events.ts";
import type { Connect } from "../protocol/upstream.ts";
import type { Descriptors } from "./descriptors.ts";

/** What every kind of upstream may use. */
export interface UpstreamContext {
  readonly emit: Emit;
  readonly redactor: Redactor;
  readonly descriptors: Descriptors;
  readonly gatewayEnv: NodeJS.ProcessEnv;
  /** The longest message of a server that is passed on. */
  readonly messageBytes: number;
  /** What may wait for a server that does not take it. */
  readonly queueBytes: number;
  /** How many sessions there may be, of one server and of all. */
  readonly sessions: { readonly all: number; readonly perServer: number };
  /** Callers may read the last words of a server that ended. */
  readonly exposeStderr: boolean;
}

/** How one entry of the catalog is reached. */
export interface Connector {
  readonly connect: Connect;
  /** Starts what the entry wants to have ready. Nothing is kept ready before `open` or after `close`. */
  readonly open: () => void;
  /** Ends what is kept ready. What is connected is its session's. Resolves when nothing is left. */
  readonly close: () => Promise<void>;
  /** How the table of the start names what is behind it. */
  readonly summary: string;
  /** What the operator should know before the first session, for example a command that is not on PATH. */
  readonly warnings: () => readonly string[];
}

/** What the entries of one kind share in one gateway. */
export interface ConnectorFactory<C> {
  readonly connector: (name: string, config: C) => Connector;
  /** Ends what they share, when all of them were closed. */
  readonly close: () => void;
}

/** A way to reach MCP servers: its config, its limits, and how to connect. Both types are closed over, so kinds fit one list. */
export interface UpstreamKind {
  readonly type: string;
  /** The keys of an entry, besides those that every entry has. */
  readonly config: z.ZodObject;
  /** The keys of `limits:` that only this kind obeys. */
  readonly limits: z.ZodRawShape;
  readonly create: (limits: unknown, context: UpstreamContext) => ConnectorFactory<unknown>;
}

export interface UpstreamKindDefinition<C extends z.ZodObject, L extends z.ZodRawShape> {
  readonly type: string;
  readonly config: C;
  readonly limits: L;
  readonly create: (limits: z.output<z.ZodObject<L>>, context: UpstreamContext) => ConnectorFactory<z.output<C>>;
}

export function defineUpstreamKind<C extends z.ZodObject, L extends z.ZodRawShape>(
  kind: UpstreamKindDefinition<C, L>,
): UpstreamKind {
  return {
    ...kind,
    create: (limits, context) => {
      const { connector, close } = kind.create(z.object(kind.limits).parse(limits), context);
      return { close, connector: (name, config) => connector(name, kind.config.parse(config)) };
    },
  };
}
