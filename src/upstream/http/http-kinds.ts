import { defineUpstreamKind } from "../kind.ts";
import { remoteLimitsSchema, streamableEntrySchema } from "./http-config.ts";
import { Remotes } from "./remotes.ts";
import { StreamableClient } from "./streamable-client.ts";

/** An entry with a `url`: a server elsewhere, over Streamable HTTP. */
export const streamableHttp = defineUpstreamKind({
  type: "streamable-http",
  config: streamableEntrySchema,
  limits: remoteLimitsSchema,
  create: ({ connections }, context) => {
    const remotes = new Remotes(context, connections);
    return {
      connector: (name, entry) => remotes.connector(name, entry, (options) => new StreamableClient(options)),
      close: () => remotes.close(),
    };
  },
});
