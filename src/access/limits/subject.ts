import { hash } from "node:crypto";
import type { Principal } from "../../protocol/principal.ts";

const PLAIN = /^[A-Za-z0-9._-]{0,128}$/;
const LONGEST = 128;

/**
 * Who is counted, as two parts of a key: the tenant and the client, else the principal. The parts come from tokens and may contain
 * anything, so they are encoded: `a:b` and `c` must not be counted as `a` and `b:c`. Encoded text never contains `=`, so that a
 * tenant or a client cannot be named like a principal.
 */
export function subjectOf({ kind, id, tenant, client }: Principal): string {
  if (tenant === undefined && client === undefined) return `:${kind}=${encoded(id)}`;
  return `${encoded(tenant ?? "")}:${encoded(client ?? "")}`;
}

export function encoded(text: string): string {
  if (PLAIN.test(text)) return text;
  // A lone surrogate cannot be percent-encoded.
  const uri = encodeURIComponent(Buffer.from(text).toString());
  return uri.length <= LONGEST ? uri : `sha256=${hash("sha256", text, "hex").slice(0, 32)}`;
}
