import type { IncomingMessage } from "node:http";
import type { Credentials } from "../protocol/principal.ts";

/** The part of a request that authentication may see. */
export function credentialsOf({ headers }: Pick<IncomingMessage, "headers">): Credentials {
  return { authorization: headers.authorization };
}
