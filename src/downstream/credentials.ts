import type { IncomingMessage } from "node:http";
import type { Credentials } from "../protocol/principal.ts";

/** What authentication gets to see of a request. */
export function credentialsOf({ headers }: Pick<IncomingMessage, "headers">): Credentials {
  return { authorization: headers.authorization };
}
