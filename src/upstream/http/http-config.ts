import { z } from "zod";
import { count, duration } from "../../protocol/unit-schemas.ts";
import { holdsCredential, isFillable, UNFILLABLE } from "../templates.ts";
import { authSchema, httpUrl } from "./auth-config.ts";
import { isOwnHeader } from "./own-headers.ts";

const file = z.string().min(1);
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "must be the name of a header");

/** The keys of every entry with a `url`. */
const remoteKeys = {
  url: httpUrl
    .refine((url) => !/^https?:\/\/[^/?#]*@/i.test(url), "must not contain a user name or a password: write auth")
    .describe("Where the MCP server is.")
    .meta({ examples: ["https://mcp.example.com/mcp"] }),
  headers: z
    .record(headerName, z.string().refine(isFillable, UNFILLABLE))
    .default({})
    .describe(
      "Headers of every request to it. {{principal.client}}, {{claims.sub}} and {{headers.x-user-id}} are filled in from the caller.",
    )
    .meta({ examples: [{ "X-Team": "search", "X-User": "{{headers.x-user-id}}" }] }),
  auth: authSchema.optional(),
  forwardHeaders: z
    .array(
      headerName.refine(
        (name) => !holdsCredential(name) && !isOwnHeader(name),
        "must not be a header with a caller's credential, or one of the connection or of MCP",
      ),
    )
    .default([])
    .describe("Headers of the caller's request that are passed on. Credentials never are.")
    .meta({ examples: [["Traceparent", "Accept-Language"]] }),
  tls: z
    .strictObject({
      ca: file
        .optional()
        .describe("A file with certificates of further authorities to trust, in PEM format.")
        .meta({ examples: ["/etc/ssl/internal-ca.pem"] }),
      cert: file
        .optional()
        .describe("A file with the gateway's own certificate, in PEM format.")
        .meta({ examples: ["/etc/ssl/gateway.pem"] }),
      key: file
        .optional()
        .describe("The file with its private key, in PEM format.")
        .meta({ examples: ["/etc/ssl/gateway-key.pem"] }),
      serverName: file
        .optional()
        .describe("The name that the server's certificate must be for, if not that of the URL.")
        .meta({ examples: ["mcp.internal.example.com"] }),
    })
    .prefault({})
    .describe("How the server proves who it is, and the gateway to it.")
    .meta({ examples: [{ ca: "/etc/ssl/internal-ca.pem" }] }),
  heartbeat: z
    .strictObject({
      interval: duration("10s").describe("How often it is asked, while it has sessions and says nothing else."),
    })
    .prefault({})
    .describe("Whether the server is still there.")
    .meta({ examples: [{ interval: "30s" }] }),
  connectTimeout: duration("10s").describe("How long it may take to accept a connection."),
  headersTimeout: duration("10m").describe("How long it may take to begin an answer."),
  bodyTimeout: duration("10m").describe("How long an answer may stop in the middle."),
};

/** An entry with a `url`, over Streamable HTTP. */
export const streamableEntrySchema = z.strictObject({
  type: z
    .enum(["streamable-http", "http"])
    .describe("How the server is reached: over Streamable HTTP. The older HTTP+SSE is type sse."),
  ...remoteKeys,
  fallback: z
    .boolean()
    .default(false)
    .describe(
      "Use HTTP+SSE when the server answers initialize with 400, 404 or 405. Entries with a url but no type do.",
    ),
});

export const sseEntrySchema = z.strictObject({
  type: z.literal("sse").describe("How the server is reached: over HTTP+SSE, the transport of revision 2024-11-05."),
  ...remoteKeys,
});

/** The keys of `limits:` that only apply to servers with a URL. */
export const remoteLimitsSchema = {
  connections: count(256).describe("Connections to one origin for requests; streams that stay open have their own."),
};

export type RemoteEntry = Omit<z.output<typeof sseEntrySchema>, "type">;
