import type { ToolList } from "../protocol/tool.ts";
import type { CallerHeaders } from "../protocol/upstream.ts";
import type { Aggregate } from "./aggregate.ts";
import { inTime } from "./in-time.ts";
import { listThrough } from "./link-listing.ts";
import type { Lists } from "./lists.ts";
import type { MemberLink } from "./member-link.ts";
import type { Members } from "./members.ts";

/** How long a client waits for a list of its own. */
const WAIT_MS = 10_000;
/** A server that could not list is not asked again for this long. */
const PAUSE_MS = 30_000;

/**
 * The lists as one session sees them: those of the catalogue, but for servers that are filled in from their caller, and for those
 * that have announced a change in this session, which may concern nobody else.
 */
export class OwnLists {
  readonly #aggregate: Aggregate;
  readonly #members: Members;
  readonly #personal: readonly string[];
  readonly #own = new Map<string, ToolList>();
  readonly #changed = new Set<string>();
  readonly #pending = new Map<string, Promise<void>>();
  readonly #failedAt = new Map<string, number>();
  readonly #onLate: () => void;
  #lists: Lists | undefined;

  /** `onLate` is called when a list has arrived for which its client did not wait any more. */
  constructor(aggregate: Aggregate, members: Members, onLate: () => void) {
    this.#aggregate = aggregate;
    this.#onLate = onLate;
    this.#members = members;
    this.#personal = aggregate.servers.filter((server) => aggregate.isPersonal(server));
  }

  get lists(): Pick<Lists, "table" | "listings"> {
    return this.#lists ?? this.#aggregate;
  }

  /** A promise when there are lists that are worth waiting for. */
  gather(caller: CallerHeaders | undefined): Promise<void> | undefined {
    for (const server of this.#personal) if (this.#isWanted(server)) this.#fetchPersonal(server, caller);
    for (const server of this.#changed) this.#fetch(server, this.#members.openLink(server));
    const shared = this.#aggregate.gather();
    if (this.#pending.size === 0) return shared;
    return Promise.all([shared, ...this.#pending.values()]).then(() => undefined);
  }

  /** A server has announced that a list has changed: it is read when the client wants it. */
  changed(server: string): void {
    if (this.#aggregate.servers.includes(server)) this.#changed.add(server);
  }

  /** The process of a server is gone, and with it what was special about it. */
  left(server: string): void {
    this.#changed.delete(server);
    if (this.#personal.includes(server) || !this.#own.delete(server)) return;
    this.#renew();
  }

  #isWanted(server: string): boolean {
    const failedAt = this.#failedAt.get(server);
    return !this.#own.has(server) && (failedAt === undefined || performance.now() - failedAt >= PAUSE_MS);
  }

  #fetchPersonal(server: string, caller: CallerHeaders | undefined): void {
    try {
      this.#fetch(server, this.#members.linkTo(server, caller));
    } catch {
      // The caller lacks what the entry is filled in with, or there is no room: its calls will tell.
      this.#failedAt.set(server, performance.now());
    }
  }

  #fetch(server: string, link: MemberLink | undefined): void {
    if (link === undefined || this.#pending.has(server)) return;
    this.#changed.delete(server);
    const waiting = inTime(this.#list(server, link), WAIT_MS).finally(() => this.#pending.delete(server));
    this.#pending.set(server, waiting);
  }

  async #list(server: string, link: MemberLink): Promise<void> {
    try {
      this.#own.set(server, await listThrough(link));
    } catch {
      // The session's own events tell the log.
      this.#failedAt.set(server, performance.now());
      return;
    }
    this.#renew();
    if (!this.#pending.has(server)) this.#onLate();
  }

  #renew(): void {
    this.#lists = this.#own.size === 0 ? undefined : this.#aggregate.listsWith(this.#own);
  }
}
