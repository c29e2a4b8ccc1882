/** The target of a URL below `/api`. */
export type RestTarget =
  | { readonly kind: "index" }
  | { readonly kind: "new-id" }
  | { readonly kind: "sessions" }
  | { readonly kind: "session"; readonly id: string }
  | { readonly kind: "server"; readonly server: string }
  | { readonly kind: "tool"; readonly server: string; readonly tool: string }
  /** A valid route with an invalid percent-escape. The caller is only told after authentication. */
  | { readonly kind: "broken" };

/** `path` is the result of `pathOf`. Undefined when it is not a REST path. The last segment is percent-decoded once. */
export function restTarget(path: string): RestTarget | undefined {
  const [root, api, first, second, ...more] = path.split("/");
  if (root !== "" || api !== "api" || more.length > 0) return undefined;
  if (first === undefined) return { kind: "index" };
  if (first === "sessionid") return second === undefined ? { kind: "new-id" } : undefined;
  if (first === "sessions" && second === undefined) return { kind: "sessions" };
  if (second === undefined) return { kind: "server", server: first };
  const decoded = decode(second);
  if (decoded === undefined) return { kind: "broken" };
  return first === "sessions" ? { kind: "session", id: decoded } : { kind: "tool", server: first, tool: decoded };
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
