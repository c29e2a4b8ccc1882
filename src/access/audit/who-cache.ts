import type { Submission } from "../../protocol/admission.ts";
import type { Principal } from "../../protocol/principal.ts";
import { sessionName, textMembers, whoIs } from "./line.ts";

const MAX_SESSIONS = 1_000;

interface Entry {
  readonly principal: Principal;
  readonly server: string;
  readonly members: string;
}

/** The part of a line that is the same for all calls of a session: where it came in, who sent it, and to which server. */
export class WhoCache {
  readonly #environment: string;
  /** By session id, which is unique for one principal and server only; the longest known comes first. */
  readonly #entries = new Map<string, Entry>();

  constructor(environment: string) {
    this.#environment = environment;
  }

  get size(): number {
    return this.#entries.size;
  }

  membersOf({ principal, server, sessionId, transport }: Submission): string {
    const entry = this.#entries.get(sessionId);
    if (entry?.server === server && isSame(entry.principal, principal)) return entry.members;
    const session = sessionId === "" ? undefined : sessionName(sessionId);
    const texts = textMembers({
      environment: this.#environment,
      session,
      transport,
      ...whoIs(principal),
      server,
    });
    // As one piece: V8 joins the pieces of a concatenated text anew for each line that contains it.
    const members = Buffer.from(texts, "latin1").toString("latin1");
    this.#entries.set(sessionId, { principal, server, members });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_SESSIONS && oldest !== undefined) this.#entries.delete(oldest);
    return members;
  }
}

/** Each request has a principal of its own, even if it is the same caller. */
const isSame = (one: Principal, other: Principal): boolean =>
  one === other ||
  (one.kind === other.kind &&
    one.id === other.id &&
    one.tenant === other.tenant &&
    one.client === other.client &&
    one.claims?.["sub"] === other.claims?.["sub"]);
