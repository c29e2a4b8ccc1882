import { GatewayError } from "../../protocol/errors.ts";

/** Where a URL below `/api` points. */
export type RestTarget =
  | { readonly kind: "index" }
  | { readonly kind: "new-id" }
  | { readonly kind: "sessions" }
  | { readonly kind: "session"; readonly id: string }
  | { readonly kind: "server"; readonly server: string }
  | { readonly kind: "tool"; readonly server: string; readonly tool: string };

/** `path` as `pathOf` gives it. Undefined when it is none of ours. The tool's segment is percent-decoded once; a bad escape is refused. */
export function restTarget(path: string): RestTarget | undefined {
  const [root, api, first, second, ...more] = path.split("/");
  if (root !== "" || api !== "api" || more.length > 0) return undefined;
  if (first === undefined) return { kind: "index" };
  if (first === "sessionid") return second === undefined ? { kind: "new-id" } : undefined;
  if (first === "sessions")
    return second === undefined ? { kind: "sessions" } : { kind: "session", id: decode(second) };
  if (second === undefined) return { kind: "server", server: first };
  return { kind: "tool", server: first, tool: decode(second) };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new GatewayError("invalid_request", "The path holds a broken percent escape.", { cause });
  }
}
