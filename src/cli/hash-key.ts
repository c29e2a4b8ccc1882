import { randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";
import { digest } from "../lib/secret.ts";

/** 256 random bits, so that a key cannot be guessed, whatever its hash. */
const RANDOM_BYTES = 32;
/** RFC 6750 §2.1, so that the key fits into every header that it may be sent in. */
const SENDABLE = /^[A-Za-z0-9._~+/-]+=*$/;

/** Prints an API key and the `keyHash` for the config: the key on stdin, or a new one when there is none. */
export async function hashKey(stdin: NodeJS.ReadStream): Promise<void> {
  const given = stdin.isTTY ? "" : (await text(stdin)).trim();
  const key = given === "" ? `mcp_${randomBytes(RANDOM_BYTES).toString("base64url")}` : given;
  if (!SENDABLE.test(key)) throw new Error("A key may contain A-Z a-z 0-9 . _ ~ + / - and = at its end.");
  process.stdout.write(`key: ${key}\nkeyHash: sha256:${digest(key).toString("hex")}\n`);
}
