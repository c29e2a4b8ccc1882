import { hash, timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";

/**
 * A value that must never be printed: every conversion to text gives `[redacted]`. Only its SHA-256 digest is kept, which is
 * enough to compare it.
 */
export class Secret {
  #digest: Buffer;

  constructor(value: string) {
    this.#digest = digest(value);
  }

  /** A secret of which only the SHA-256 digest is known. */
  static ofDigest(known: Buffer): Secret {
    const secret = new Secret("");
    secret.#digest = known;
    return secret;
  }

  /** Compares in constant time. */
  matches(candidate: Buffer): boolean {
    return timingSafeEqual(this.#digest, candidate);
  }

  /** A short name for logs and keys that does not reveal the value. */
  get fingerprint(): string {
    return this.#digest.toString("hex", 0, 6);
  }

  toString(): string {
    return "[redacted]";
  }

  toJSON(): string {
    return "[redacted]";
  }

  [inspect.custom](): string {
    return "[redacted]";
  }
}

/** Takes a time that depends on the lengths only. */
export function isSameText(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let at = 0; at < one.length; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return difference === 0;
}

/** The digest that `Secret.matches` expects. */
export function digest(value: string): Buffer {
  return hash("sha256", value, "buffer");
}
