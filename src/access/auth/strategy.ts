import { member } from "../../lib/json.ts";
import type { Principal } from "../../protocol/principal.ts";

/** The part of a request that a passport strategy may see: never the body or the query, where RFC 9700 §4.3.2 forbids credentials. */
export interface HeadersOnly {
  readonly headers: { readonly authorization?: string | undefined };
}

export interface PassportStrategy {
  authenticate(request: HeadersOnly): void;
}

/** The methods by which a strategy reports its result; they are added to it by its caller. */
export interface Verdict {
  success(user: unknown): void;
  fail(challenge?: unknown): void;
  error(error: unknown): void;
}

/** Runs a strategy as passport's middleware would, on one copy created here. Its verify callback must be synchronous. */
export function strategyRunner(strategy: PassportStrategy): (authorization: string) => Principal | undefined {
  let found: Principal | undefined;
  const verdict: Verdict = {
    success: (user) => {
      found = isPrincipal(user) ? user : undefined;
    },
    fail: () => {
      found = undefined;
    },
    error: (error) => {
      throw error;
    },
  };
  const runnable: PassportStrategy = Object.assign(Object.create(strategy), verdict);
  return (authorization) => {
    found = undefined;
    runnable.authenticate({ headers: { authorization } });
    return found;
  };
}

function isPrincipal(user: unknown): user is Principal {
  return member(user, "kind") !== undefined && member(user, "id") !== undefined;
}
