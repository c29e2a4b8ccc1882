import { z } from "zod";

const secret = z.string().min(1);

/** How the gateway proves to a remote server who it is. */
export const authSchema = z
  .discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("header").describe("A header with a value."),
      header: z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "must be the name of a header")
        .describe("Its name.")
        .meta({ examples: ["X-N8n-Key"] }),
      value: secret.describe("Its value.").meta({ examples: ["${N8N_KEY}"] }),
    }),
    z.strictObject({
      type: z.literal("bearer").describe("A token in the Authorization header."),
      token: secret.describe("The token.").meta({ examples: ["${GITHUB_TOKEN}"] }),
    }),
    z.strictObject({
      type: z.literal("basic").describe("A user name and a password."),
      username: secret.describe("The user name.").meta({ examples: ["gateway"] }),
      password: secret.describe("The password.").meta({ examples: ["${PASSWORD}"] }),
    }),
    z.strictObject({
      type: z.literal("apiKey").describe("A key in the header X-API-Key."),
      key: secret.describe("The key.").meta({ examples: ["${SEARCH_KEY}"] }),
      header: z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "must be the name of a header")
        .default("X-API-Key")
        .describe("Another header for it."),
    }),
  ])
  .describe("The gateway's own credential at the server. What a caller proves itself with is never passed on.")
  .meta({ examples: [{ type: "bearer", token: "${GITHUB_TOKEN}" }] });

export type AuthConfig = z.output<typeof authSchema>;
