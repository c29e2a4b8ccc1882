import type { AuthConfig } from "./auth-config.ts";
import { StaticCredential, type Credential } from "./credential.ts";

/** The credential that an entry describes. */
export function credentialFor(auth: AuthConfig | undefined): Credential {
  return new StaticCredential(auth === undefined ? [] : headersOf(auth));
}

function headersOf(auth: AuthConfig): readonly string[] {
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
