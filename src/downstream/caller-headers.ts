import type { IncomingMessage } from "node:http";
import type { CallerHeaders } from "../protocol/upstream.ts";

/** The headers of a request that some server uses; undefined when there are none. */
export function callerHeadersOf(
  { headers }: Pick<IncomingMessage, "headers">,
  names: readonly string[],
): CallerHeaders | undefined {
  if (names.length === 0) return undefined;
  const found = names.flatMap((name): [string, string][] => {
    const value = headers[name];
    return typeof value === "string" && value !== "" ? [[name, value]] : [];
  });
  return found.length === 0 ? undefined : new Map(found);
}
