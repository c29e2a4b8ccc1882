import type { Emit } from "../../protocol/events.ts";
import type { AuthConfig } from "./auth-config.ts";
import { StaticCredential, type Credential } from "./credential.ts";
import type { Network } from "./network.ts";
import { OAuthCredential } from "./oauth-credential.ts";
import { OAuthFlow } from "./oauth-flow.ts";

interface CredentialOptions {
  readonly server: string;
  readonly url: URL;
  readonly auth: AuthConfig | undefined;
  readonly network: Network;
  readonly emit: Emit;
}

/** The credential that an entry describes. */
export function credentialFor({ server, url, auth, network, emit }: CredentialOptions): Credential {
  if (auth?.type !== "oauth") return new StaticCredential(auth === undefined ? [] : headersOf(auth));
  const flow = new OAuthFlow(url, auth, network);
  return new OAuthCredential({ server, obtain: (challenge) => flow.obtain(challenge), emit });
}

function headersOf(auth: Exclude<AuthConfig, { type: "oauth" }>): readonly string[] {
  switch (auth.type) {
    case "header":
      return [auth.header.toLowerCase(), auth.value];
    case "bearer":
      return ["authorization", `Bearer ${auth.token}`];
    case "basic":
      return ["authorization", `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`];
    case "apiKey":
      return [auth.header.toLowerCase(), auth.key];
  }
}
