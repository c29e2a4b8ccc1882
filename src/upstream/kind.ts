import { z } from "zod";
import type { Redactor } from "../lib/redactor.ts";
import type { Emit } from "../protocol/events.ts";
import type { Connect, ServerProcessFacts, ServerSettings } from "../protocol/upstream.ts";
import type { Descriptors } from "./descriptors.ts";

/** What the gateway provides to every kind of upstream. */
export interface UpstreamContext {
  readonly emit: Emit;
  readonly redactor: Redactor;
  readonly descriptors: Descriptors;
  readonly gatewayEnv: NodeJS.ProcessEnv;
  /** The longest message of a server that is relayed. */
  readonly messageBytes: number;
  /** The maximum amount of data queued for a server that does not read it. */
  readonly queueBytes: number;
  /** The maximum number of sessions, of one server and in total. */
  readonly sessions: { readonly all: number; readonly perServer: number };
  /** Whether error responses may contain the end of a server's stderr. */
  readonly exposeStderr: boolean;
}

/** How one configured server is reached. */
export interface Connector {
  readonly connect: Connect;
  /** Names of the headers of a caller's request that it uses, in lower case. */
  readonly callerHeaders?: readonly string[];
  readonly callerKey?: ServerSettings["callerKey"];
  /** Starts pre-warming. Nothing is warm before open() or after close(). */
  readonly open: () => void;
  /** Ends the warm processes; connected ones belong to their sessions. Resolves when all are gone. */
  readonly close: () => Promise<void>;
  /** Ends the warm processes and begins pre-warming anew. Resolves when all are gone. */
  readonly renew?: () => Promise<void>;
  /** How the server is described in the table printed at startup. */
  readonly summary: string;
  /** Problems the operator should know of before the first session, such as a command that is not on PATH. */
  readonly warnings: () => readonly string[];
  /** Whether new sessions are refused because of what happened before. */
  readonly circuit?: () => Circuit;
}

export type Circuit = "closed" | "open";

/** State shared by all servers of one kind in one gateway. */
export interface ConnectorFactory<C> {
  readonly connector: (name: string, config: C) => Connector;
  /** The processes of all its servers. */
  readonly processes?: () => readonly ServerProcessFacts[];
  /** Releases the shared state, after all connectors are closed. */
  readonly close: () => void;
}

/**
 * A way to reach MCP servers: its config, its limits, and how to connect. The type parameters are erased, so that all kinds fit
 * in one list.
 */
export interface UpstreamKind {
  readonly type: string;
  /** The keys of an entry, besides the common ones. */
  readonly config: z.ZodObject;
  /** The keys of `limits:` that only this kind uses. */
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
      const { connector, ...factory } = kind.create(z.object(kind.limits).parse(limits), context);
      return { ...factory, connector: (name, config) => connector(name, kind.config.parse(config)) };
    },
  };
}
