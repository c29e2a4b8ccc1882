import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import type { Dispatcher } from "undici";
import { isLoopback } from "../../lib/hosts.ts";

const TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 256 * 1024;

export interface GuardedFetchOptions {
  /** URLs of the config: their hosts may be private, and loopback ones may do without TLS. */
  readonly trusted: readonly URL[];
  /** For those hosts. */
  readonly dispatcher: Dispatcher;
}

/**
 * Fetches what a remote server or an authorization server names. The address is not trusted: only https, no address of a
 * private network (also not by a name that leads to one), no redirect, and a small answer soon.
 */
export function guardedFetch({
  trusted,
  dispatcher,
}: GuardedFetchOptions): (url: string | URL, init?: RequestInit) => Promise<Response> {
  const hosts = new Set(trusted.map(({ host }) => host));
  return async (input, init = {}) => {
    const url = new URL(input);
    const isTrusted = hosts.has(url.host);
    checkScheme(url, isTrusted);
    if (!isTrusted) checkAddress(url.hostname);
    const { Agent, request } = (await import("undici")).default;
    const guarded = isTrusted ? undefined : new Agent({ connect: { lookup: publicLookup, timeout: TIMEOUT_MS } });
    try {
      const { statusCode, headers, body } = await request(url, {
        dispatcher: guarded ?? dispatcher,
        method: init.method === "POST" ? "POST" : "GET",
        headers: Object.fromEntries(new Headers(init.headers)),
        body: init.body === undefined || init.body === null ? null : bodyText(init.body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await limited(body);
      return new Response([204, 205, 304].includes(statusCode) ? null : text, {
        status: statusCode,
        headers: { "content-type": String(headers["content-type"] ?? "") },
      });
    } finally {
      guarded?.destroy().catch(() => undefined);
    }
  };
}

function checkScheme({ protocol, hostname }: URL, isTrusted: boolean): void {
  if (protocol === "https:" || (protocol === "http:" && isTrusted && isLoopback(hostname))) return;
  if (protocol === "http:" && isTrusted) return;
  throw new Error("an address that OAuth needs does not begin with https://");
}

function checkAddress(hostname: string): void {
  const address = hostname.replace(/^\[|\]$/g, "");
  if (isLoopback(hostname) || (isIP(address) !== 0 && !isPublic(address))) throw privateAddress();
}

/** Looked up once and used as it was found, so that the name cannot lead elsewhere in between. */
const publicLookup: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return done(error, []);
    if (!addresses.every(({ address }) => isPublic(address))) return done(privateAddress(), []);
    const [first] = addresses;
    if (options.all === true || first === undefined) return done(null, addresses);
    done(null, first.address, first.family);
  });
};

const privateAddress = (): Error => new Error("an address that OAuth needs is in a private network");

/** Special-purpose addresses (RFC 6890, RFC 4193, RFC 6598) reach what is not meant for the whole internet. */
const PRIVATE = new Map<number, readonly [string, number][]>([
  [
    4,
    [
      ["0.0.0.0", 8],
      ["10.0.0.0", 8],
      ["100.64.0.0", 10],
      ["127.0.0.0", 8],
      ["169.254.0.0", 16],
      ["172.16.0.0", 12],
      ["192.0.0.0", 24],
      ["192.168.0.0", 16],
      ["198.18.0.0", 15],
      ["224.0.0.0", 3],
    ],
  ],
  [
    6,
    [
      ["::", 127],
      ["64:ff9b::", 96],
      ["fc00::", 7],
      ["fe80::", 10],
      ["ff00::", 8],
    ],
  ],
]);

let blocked: BlockList | undefined;

/** An IPv4 address written as IPv6 is judged as what it is. */
export function isPublic(address: string): boolean {
  blocked ??= blockList();
  return !blocked.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

function blockList(): BlockList {
  const list = new BlockList();
  for (const [family, subnets] of PRIVATE)
    for (const [net, prefix] of subnets) list.addSubnet(net, prefix, family === 6 ? "ipv6" : "ipv4");
  return list;
}

function bodyText(body: RequestInit["body"]): string {
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new Error("only forms are sent");
}

async function limited(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error("an answer that OAuth needs is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
