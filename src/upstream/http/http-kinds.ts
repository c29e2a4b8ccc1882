import { defineUpstreamKind } from "../kind.ts";
import { FallbackClient } from "./fallback.ts";
import { remoteLimitsSchema, sseEntrySchema, streamableEntrySchema } from "./http-config.ts";
import { Remotes } from "./remotes.ts";
import { SseClient } from "./sse-client.ts";
import { StreamableClient } from "./streamable-client.ts";

/** An entry with a `url`: a server elsewhere, over Streamable HTTP. */
export const streamableHttp = defineUpstreamKind({
  type: "streamable-http",
  config: streamableEntrySchema,
  limits: remoteLimitsSchema,
  create: ({ connections }, context) => {
    const remotes = new Remotes(context, connections);
    return {
      connector: (name, { fallback, ...entry }) => {
        const preference = { isSse: false };
        return remotes.connector(name, entry, (options) =>
          fallback ? new FallbackClient(options, preference) : new StreamableClient(options),
        );
      },
      close: () => remotes.close(),
    };
  },
});

/** The same over HTTP+SSE, the transport of revision 2024-11-05. */
export const sse = defineUpstreamKind({
  type: "sse",
  config: sseEntrySchema,
  limits: remoteLimitsSchema,
  create: ({ connections }, context) => {
    const remotes = new Remotes(context, connections);
    return {
      connector: (name, entry) => remotes.connector(name, entry, (options) => new SseClient(options)),
      close: () => remotes.close(),
    };
  },
});
