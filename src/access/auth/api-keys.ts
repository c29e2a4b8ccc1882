import { z } from "zod";
import { digest, Secret } from "../../lib/secret.ts";
import { REALM } from "../../protocol/challenges.ts";
import type { Credentials, Principal } from "../../protocol/principal.ts";
import { bearerChallengeFor, hasBearerToken } from "./bearer-challenge.ts";
import { defineAuthMethod } from "./method.ts";
import { ProvenCredentials } from "./proven-credentials.ts";

const label = z
  .string()
  .min(1)
  .max(200)
  .regex(/^\P{Cc}*$/u, "must not contain a control character");

const entry = z
  .strictObject({
    id: label
      .optional()
      .describe("The name of the key, for the log; by default the beginning of its SHA-256 digest.")
      .meta({ examples: ["ci"] }),
    key: z
      .string()
      // RFC 9110 §5.5: what a header can carry, without spaces.
      .regex(/^[\x21-\x7e]+$/, "must be visible ASCII characters without spaces")
      .optional()
      .describe("The key itself, better taken from a variable or a file; or give keyHash.")
      .meta({ examples: ["${CI_API_KEY}"] }),
    keyHash: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/i, "must be sha256: and 64 hexadecimal digits, as mcp-gateway hash-key prints it")
      .optional()
      .describe("The SHA-256 digest of the key, as `mcp-gateway hash-key` prints it.")
      .meta({ examples: ["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"] }),
    tenant: label
      .optional()
      .describe("The organization that the key belongs to.")
      .meta({ examples: ["acme"] }),
    client: label
      .optional()
      .describe("The application that the key belongs to.")
      .meta({ examples: ["ci"] }),
    scopes: z
      .array(z.string().min(1))
      .default([])
      .describe("The scopes granted to the key.")
      .meta({ examples: [["scope:user"]] }),
  })
  .superRefine(({ key, keyHash }, context) => {
    if ((key === undefined) !== (keyHash === undefined)) return;
    const message = key === undefined ? "key or keyHash is missing" : "give either key or keyHash, not both";
    context.addIssue({ code: "custom", path: key === undefined ? [] : ["keyHash"], message });
  });

type Entry = z.output<typeof entry>;

const config = z
  .array(entry)
  .min(1)
  .superRefine((entries, context) => {
    const [ids, keys] = [new Set<string>(), new Set<string>()];
    for (const [at, item] of entries.entries()) {
      const id = idOf(item);
      const hash = hashOf(item);
      if (ids.has(id)) context.addIssue({ code: "custom", path: [at, "id"], message: `another key has this id` });
      else if (keys.has(hash))
        context.addIssue({ code: "custom", path: [at], message: "this key is listed twice: every key is one caller" });
      ids.add(id);
      keys.add(hash);
    }
  })
  .describe("API keys, each with the organization and the application that it belongs to.")
  .meta({
    examples: [
      [
        {
          id: "ci",
          keyHash: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
          tenant: "acme",
          client: "ci",
        },
      ],
    ],
  });

interface KnownKey {
  readonly secret: Secret;
  readonly principal: Principal;
}

const IN_AUTHORIZATION = /^(?:Bearer|Api-Key) +(\S+)$/i;
const CHALLENGE = `Api-Key realm="${REALM}"`;

/** API keys in `Authorization: Bearer`, `Authorization: Api-Key`, `X-API-Key` or `Api-Key`. */
export const apiKeys = defineAuthMethod({
  name: "apiKeys",
  config,
  off: () => [],
  create: (entries) => {
    const known = entries.map((item): KnownKey => ({ secret: secretOf(item), principal: principalOf(item) }));
    const proven = new ProvenCredentials((key) => find(digest(key), known));
    return {
      schemes: [{ kind: "apiKey", header: "X-API-Key" }],
      // Without a bearer token no Bearer challenge: some clients take the word for an offer of OAuth.
      challenge: (credentials) => (hasBearerToken(credentials) ? bearerChallengeFor(credentials) : CHALLENGE),
      authenticate: (credentials) => {
        const key = keyIn(credentials);
        return key === undefined ? undefined : proven.principalOf(key, credentials);
      },
    };
  },
});

function keyIn({ authorization, xApiKey, apiKey }: Credentials): string | undefined {
  if (authorization !== undefined) return IN_AUTHORIZATION.exec(authorization)?.[1];
  return xApiKey ?? apiKey;
}

function find(candidate: Buffer, known: readonly KnownKey[]): Principal | undefined {
  let found: Principal | undefined;
  // Compares every key even after a match: the duration does not reveal the position.
  for (const { secret, principal } of known) if (secret.matches(candidate)) found = principal;
  return found;
}

function principalOf(item: Entry): Principal {
  const { tenant, client, scopes } = item;
  return { kind: "apiKey", id: idOf(item), tenant, client, scopes };
}

const idOf = (item: Entry): string => item.id ?? secretOf(item).fingerprint;

const secretOf = (item: Entry): Secret => Secret.ofDigest(Buffer.from(hashOf(item), "hex"));

/** The SHA-256 digest in hexadecimal digits; of an entry without a key, that of nothing. */
function hashOf({ key = "", keyHash }: Entry): string {
  return keyHash === undefined ? digest(key).toString("hex") : keyHash.slice("sha256:".length).toLowerCase();
}
