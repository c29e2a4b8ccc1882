/** Where a URL below `/api` points. */
export type RestTarget =
  | { readonly kind: "index" }
  | { readonly kind: "new-id" }
  | { readonly kind: "sessions" }
  | { readonly kind: "session"; readonly id: string }
  | { readonly kind: "server"; readonly server: string }
  | { readonly kind: "tool"; readonly server: string; readonly tool: string }
  /** One of ours, but for a broken percent escape. Whether that may be told depends on who asks. */
  | { readonly kind: "broken" };

/** `path` as `pathOf` gives it. Undefined when it is none of ours. The last segment is percent-decoded once. */
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
