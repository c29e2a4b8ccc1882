import { z } from "zod";

const secret = z.string().min(1);
const NO_URL = "must be a URL that begins with http:// or https://";

export const httpUrl = z
  .string()
  .regex(/^https?:\/\/\S+$/i, NO_URL)
  .refine((url) => URL.canParse(url), NO_URL);

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
    z
      .strictObject({
        type: z.literal("oauth").describe("A token from the authorization server that the server names."),
        clientId: secret.describe("The client id of the gateway.").meta({ examples: ["mcp-gateway"] }),
        clientSecret: secret
          .optional()
          .describe("Its secret.")
          .meta({ examples: ["${CLIENT_SECRET}"] }),
        privateKey: secret
          .optional()
          .describe("Instead of a secret: a private key that signs, in PEM format (RFC 7523).")
          .meta({ examples: ["${file:/run/secrets/client.pem}"] }),
        algorithm: z
          .enum(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"])
          .default("RS256")
          .describe("How the private key signs."),
        refreshToken: secret
          .optional()
          .describe("A refresh token of a person, instead of the client's own rights.")
          .meta({ examples: ["${REFRESH_TOKEN}"] }),
        scope: secret
          .optional()
          .describe("The scopes to ask for.")
          .meta({ examples: ["tools:read tools:call"] }),
        issuer: httpUrl
          .optional()
          .describe(
            "The authorization server that may have the secret, if it is not at the origin of the server itself.",
          )
          .meta({ examples: ["https://idp.example.com"] }),
        tokenUrl: httpUrl
          .optional()
          .describe("Its token endpoint, if nothing is to be discovered.")
          .meta({ examples: ["https://idp.example.com/oauth/token"] }),
      })
      .refine(
        ({ clientSecret, privateKey, refreshToken }) =>
          clientSecret === undefined
            ? privateKey !== undefined || refreshToken !== undefined
            : privateKey === undefined,
        "needs either a clientSecret or a privateKey, or else a refreshToken",
      ),
  ])
  .describe("The gateway's own credential at the server. What a caller proves itself with is never passed on.")
  .meta({ examples: [{ type: "bearer", token: "${GITHUB_TOKEN}" }] });

export type AuthConfig = z.output<typeof authSchema>;
