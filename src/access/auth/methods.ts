import { basic } from "./basic.ts";
import { bearer } from "./bearer.ts";
import type { AuthMethod } from "./method.ts";

/** The registry, in the order in which methods are tried: a new method is one file and one line here. */
export const authMethods: readonly AuthMethod[] = [bearer, basic];
