import { isSameText } from "../../lib/secret.ts";
import type { Credentials, Principal } from "../../protocol/principal.ts";

interface Proven {
  readonly credential: string;
  readonly principal: Principal;
}

/**
 * Static credentials that were found to be right, so that they are not hashed again for each request of a connection. Only the
 * newest of a connection is known, no longer than the connection lasts: Node keeps the headers of its newest request that long too.
 */
export class ProvenCredentials {
  readonly #find: (credential: string) => Principal | undefined;
  readonly #byConnection = new WeakMap<object, Proven>();

  constructor(find: (credential: string) => Principal | undefined) {
    this.#find = find;
  }

  principalOf(credential: string, { connection }: Pick<Credentials, "connection">): Principal | undefined {
    const proven = connection && this.#byConnection.get(connection);
    // Several callers may share the connection of a proxy.
    if (proven !== undefined && isSameText(proven.credential, credential)) return proven.principal;
    const principal = this.#find(credential);
    if (principal !== undefined && connection !== undefined)
      this.#byConnection.set(connection, { credential, principal });
    return principal;
  }
}
