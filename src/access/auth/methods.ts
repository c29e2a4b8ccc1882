import { apiKeys } from "./api-keys.ts";
import { basic } from "./basic.ts";
import { bearer } from "./bearer.ts";
import { jwt } from "./jwt.ts";
import type { AuthMethod } from "./method.ts";

/**
 * The registry, in the order in which methods are tried: a new method is one file and one line here. The one that may have to ask
 * another system is last, so that nobody waits for it who is known without.
 */
export const authMethods: readonly AuthMethod[] = [bearer, apiKeys, basic, jwt];
