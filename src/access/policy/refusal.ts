import { GatewayError } from "../../protocol/errors.ts";
import type { Action, Decision } from "../../protocol/policy.ts";
import { quoted } from "../../lib/text.ts";

/** The error for what is refused, where the policy reveals that it is. */
export function refusalFor({ server, method, target }: Action, { rule, scopes }: Decision): GatewayError {
  const what = target?.name === undefined ? method : `the ${target.kind} ${quoted(target.name)}`;
  const log = { rule };
  if (scopes !== undefined) {
    const message = `You may not use ${what} of "${server}": it needs the scope ${scopes.join(" ")}.`;
    return new GatewayError("insufficient_scope", message, { log, scopes, data: { scopes } });
  }
  return new GatewayError("forbidden", `You may not use ${what} of "${server}".`, { log });
}
