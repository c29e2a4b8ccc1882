import { Aggregates } from "./aggregate/aggregates.ts";
import type { Config } from "./config/schema.ts";
import type { Redactor } from "./lib/redactor.ts";
import { durationMs, sizeBytes } from "./lib/units.ts";
import type { Emit } from "./protocol/events.ts";
import type { Descriptors } from "./upstream/descriptors.ts";
import { upstreamKinds } from "./upstream/kinds.ts";
import { Servers } from "./upstream/servers.ts";

interface ServersParts {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly redactor: Redactor;
  readonly descriptors: Descriptors;
  readonly emit: Emit;
}

/** The servers of the catalog. */
export function configuredServers({ config, env, redactor, descriptors, emit }: ServersParts): Servers {
  const { servers, limits, rest } = config;
  return new Servers({
    kinds: upstreamKinds,
    entries: servers,
    limits,
    context: {
      emit,
      redactor,
      descriptors,
      gatewayEnv: env,
      messageBytes: sizeBytes(limits.messageBytes),
      queueBytes: sizeBytes(limits.queueBytes),
      sessions: { all: limits.sessions, perServer: limits.sessionsPerServer },
      exposeStderr: rest.exposeStderr,
    },
  });
}

interface AggregatesParts {
  readonly config: Config;
  readonly version: string;
  readonly servers: Servers;
  readonly emit: Emit;
}

/** The endpoints in front of several of them. */
export function configuredAggregates({ config, version, servers, emit }: AggregatesParts): Aggregates {
  const { start, request, queueBytes } = config.limits;
  return new Aggregates({
    config,
    version,
    settingsOf: (name) => servers.get(name).settings,
    limits: {
      startMs: durationMs(start),
      requestMs: durationMs(request),
      heldBytes: sizeBytes(queueBytes),
      maxAgeMs: durationMs(config.rest.catalogAge),
    },
    emit,
  });
}
