import { hash } from "node:crypto";

/** The longest name that models accept for a function. */
export const LONGEST_NAME = 64;
/** What is understood between a server and a name, besides `naming.separator`. Server names contain no colon. */
const SPELLINGS: readonly string[] = [":", "__"];
const HASH_LENGTH = 8;

/** A tool or a prompt: its server, and its name there. */
export interface Aim {
  readonly server: string;
  readonly name: string;
}

/** Names with their server in front: pure, and the same whatever the servers list. */
export class Naming {
  readonly #separator: string;
  readonly #separators: readonly string[];
  /** Longest first, so that the first that fits is the longest. */
  readonly #servers: readonly string[];

  constructor(servers: readonly string[], separator: string) {
    this.#separator = separator;
    this.#separators = [...new Set([separator, ...SPELLINGS])];
    this.#servers = servers.toSorted((a, b) => b.length - a.length);
  }

  /**
   * What a tool or a prompt is called where several servers share an endpoint: its server in front. A name that could be read as
   * one of another server, as `a__b` of `c` where there is a server `c__a`, gets a hash at its end, and so does one that is too long.
   */
  nameOf(aim: Aim): string {
    const plain = `${aim.server}${this.#separator}${aim.name}`;
    const isClear = plain.length <= LONGEST_NAME && this.#reading(plain, this.#separator)?.server === aim.server;
    return isClear ? plain : this.hashed(aim);
  }

  /** The name that such a tool has when its plain one is taken. */
  hashed(aim: Aim): string {
    const digest = hash("sha256", `${aim.server}\n${aim.name}`, "base64url").slice(0, HASH_LENGTH);
    const head = `${aim.server}${this.#separator}${aim.name}`.slice(0, LONGEST_NAME - HASH_LENGTH - 1);
    // Half of a character is no text.
    return `${head.replace(/[\uD800-\uDBFF]$/, "")}_${digest}`;
  }

  /** How a name can be read as that of a server: with each separator, with the longest server name first. */
  *readings(text: string): Iterable<Aim> {
    for (const separator of this.#separators) {
      const rest = this.#servers.filter((server) => begins(text, server, separator));
      for (const server of rest) yield { server, name: text.slice(server.length + separator.length) };
    }
  }

  #reading(text: string, separator: string): Aim | undefined {
    const server = this.#servers.find((name) => begins(text, name, separator));
    return server === undefined ? undefined : { server, name: text.slice(server.length + separator.length) };
  }
}

const begins = (text: string, server: string, separator: string): boolean =>
  text.length > server.length + separator.length &&
  text.startsWith(server) &&
  text.startsWith(separator, server.length);

const WITH_SERVER = /^mcp\+([A-Za-z0-9_-]{1,32}):(.+)$/s;

/** The URI of a resource of which an earlier server has one with the same URI. */
export const uriWithServer = (server: string, uri: string): string => `mcp+${server}:${uri}`;

/** The server and the URI that are in such a URI. */
export function serverInUri(uri: string): { readonly server: string; readonly uri: string } | undefined {
  const [, server, rest] = WITH_SERVER.exec(uri) ?? [];
  return server === undefined || rest === undefined ? undefined : { server, uri: rest };
}

/** A resource template as a glob: an expression stands for any text (RFC 6570 §1.2). */
export function templateGlob(template: string): string {
  return template.replaceAll(/\{[^{}]*\}|[\\*]/g, (found) => (found.length === 1 ? `\\${found}` : "*"));
}
