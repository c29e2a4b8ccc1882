import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import { GatewayError } from "../../protocol/errors.ts";
import { principalKey, type Gate, type Principal } from "../../protocol/principal.ts";
import type { DownstreamContext } from "../context.ts";
import { credentialsOf } from "../credentials.ts";
import type { Visibility } from "../visibility.ts";
import type { ConsoleSources } from "./sources.ts";

interface AccessContext extends Pick<DownstreamContext, "trustedProxies"> {
  readonly gate: Gate;
  readonly visibility: Visibility;
  readonly policy: ConsoleSources["policy"];
}

/** A name for one of our sessions in a URL has as many random bits as a session id has. */
const HANDLE_LENGTH = 22;
/** More sessions than the console shows at once, to all who look together. */
const MAX_SHOWN = 10_000;

/** Who may use the console, what of it, and whether it is the page of the console that acts. */
export class ConsoleAccess {
  readonly #context: AccessContext;
  /** Known to this process only, so that tokens and handles are worth nothing after a restart. */
  readonly #secret = randomBytes(32);
  readonly #handles = new LRUCache<string, string>({ max: MAX_SHOWN });
  readonly #keys = new LRUCache<string, string>({ max: MAX_SHOWN });

  constructor(context: AccessContext) {
    this.#context = context;
  }

  /** Throws when the caller may not use the console at all. */
  async admit(request: IncomingMessage): Promise<Principal> {
    const principal = await this.#context.gate.admit(credentialsOf(request, this.#context));
    const { visibility } = this.#context;
    if (visibility.servers(principal).some((server) => this.sees(principal, server))) return principal;
    throw new GatewayError(
      "forbidden",
      "You may not use the console: a rule of the policy must allow it, or without a policy you must log in with a user name and a password.",
    );
  }

  /** Whether the caller sees this server, and the sessions that others have with it. */
  sees(principal: Principal, server: string): boolean {
    const { policy, visibility } = this.#context;
    if (!visibility.exists(server)) return false;
    if (policy !== undefined) return policy.opensConsole(principal, server);
    // Anonymous callers are admitted only where nobody needs credentials.
    return principal.kind === "basic" || principal.kind === "anonymous";
  }

  /** The names of all servers that the caller sees. */
  servers(principal: Principal): string[] {
    return this.#context.visibility.servers(principal).filter((server) => this.sees(principal, server));
  }

  /** What the page proves with that it was served to this principal. A page of another site cannot read it. */
  token(principal: Principal): string {
    return this.#sign(`token\n${principalKey(principal)}`).toString("base64url");
  }

  /** Throws unless the request has the token of the principal. */
  checkToken(principal: Principal, { headers }: IncomingMessage): void {
    const given = headers["x-console-token"];
    const wanted = Buffer.from(this.token(principal));
    const known = typeof given === "string" ? Buffer.from(given) : Buffer.alloc(0);
    if (known.length === wanted.length && timingSafeEqual(known, wanted)) return;
    throw new GatewayError("forbidden", "The page of the console is out of date: load it again.");
  }

  /** Names a session in URLs. Its key has its id in it, which is enough to use it where nothing authenticates. */
  handle(sessionKey: string): string {
    const known = this.#handles.get(sessionKey);
    if (known !== undefined) return known;
    const handle = this.#sign(`session\n${sessionKey}`).toString("base64url").slice(0, HANDLE_LENGTH);
    this.#handles.set(sessionKey, handle);
    this.#keys.set(handle, sessionKey);
    return handle;
  }

  /** The key of a session that was shown a short while ago. */
  keyOf(handle: string): string | undefined {
    return this.#keys.get(handle);
  }

  #sign(text: string): Buffer {
    return createHmac("sha256", this.#secret).update(text).digest();
  }
}

/** Pages of other origins may call the gateway if they are allowed, but not its console. */
export function refuseOtherSites({ headers }: IncomingMessage): void {
  const site = headers["sec-fetch-site"];
  const isVisit = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  if ((site !== "cross-site" && site !== "same-site") || isVisit) return;
  throw new GatewayError("origin_denied", "Only the page of the console itself may use the console.");
}
