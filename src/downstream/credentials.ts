import type { IncomingMessage } from "node:http";
import type { Credentials } from "../protocol/principal.ts";
import type { DownstreamContext } from "./context.ts";

/** The part of a request that authentication may see. */
export function credentialsOf(
  request: Pick<IncomingMessage, "headers" | "socket">,
  { trustedProxies }: Pick<DownstreamContext, "trustedProxies">,
): Credentials {
  const { headers, socket } = request;
  return {
    authorization: headers.authorization,
    xApiKey: single(headers["x-api-key"]),
    apiKey: single(headers["api-key"]),
    address: trustedProxies === undefined ? socket.remoteAddress : trustedProxies.clientOf(request),
    connection: socket,
  };
}

/** Node joins a repeated header; requests with one of these repeated are refused before. */
const single = (value: string | string[] | undefined): string | undefined =>
  typeof value === "string" ? value : value?.[0];
