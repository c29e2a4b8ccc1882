import type { JsonObject } from "../lib/json.ts";
import { LONGEST_TIMER_MS } from "../lib/units.ts";
import { guarded, type Emit } from "../protocol/events.ts";
import { notificationLine } from "../protocol/jsonrpc.ts";
import type { Frame } from "../protocol/frame.ts";
import { methods } from "../protocol/methods.ts";
import type { Principal } from "../protocol/principal.ts";
import type { ToolCatalog, ToolList } from "../protocol/tool.ts";
import type { Subject } from "./addressing.ts";
import { inTime } from "./in-time.ts";
import { introduction } from "./introduction.ts";
import { LIST_KINDS, type ListKind, type Listings } from "./listings.ts";
import { Lists } from "./lists.ts";
import type { Aim } from "./naming.ts";
import type { NameTable, TableOptions } from "./table.ts";

export interface AggregateOptions extends TableOptions {
  /** What the endpoint is called where servers have names. */
  readonly name: string;
  readonly serverInfo: JsonObject;
  readonly catalog: () => ToolCatalog;
  /** Servers whose lists depend on their caller, so that there is no list for all. */
  readonly isPersonal: (server: string) => boolean;
  /** Whether the principal may know of a server. */
  readonly sees: (principal: Principal, server: string) => boolean;
  /** An older list is fetched again. */
  readonly maxAgeMs: number;
  readonly emit: Emit;
}

/** A client of the endpoint. */
export interface Audience {
  tell(frame: Frame): void;
}

/** How long a client waits for lists that were never fetched before. */
const FIRST_MS = 10_000;
/** A server that did not list in time, or could not, is not waited for again, and not asked again for this long. */
const PAUSE_MS = 30_000;

/** A name that may have been made with a hash, which only the list of its server explains. */
const HASHED = /_[\w-]{8}$/;

const CHANGES: Readonly<Record<ListKind, string>> = {
  tools: methods.toolsChanged,
  prompts: methods.promptsChanged,
  resources: methods.resourcesChanged,
  resourceTemplates: methods.resourcesChanged,
};

/** An endpoint in front of several servers: what it has, from the catalogue, and who is to be told when that changes. */
export class Aggregate {
  readonly name: string;
  readonly servers: readonly string[];
  readonly #options: AggregateOptions;
  readonly #lists: Lists;
  readonly #audience = new Set<Audience>();
  /** What was told to the audience last. */
  #told: Listings | undefined;
  #gathering: Promise<void> | undefined;
  /** Runs while there is an audience. */
  #clock: NodeJS.Timeout | undefined;
  readonly #askedAt = new Map<string, number>();

  constructor(options: AggregateOptions) {
    this.#options = options;
    this.name = options.name;
    this.servers = options.servers;
    this.#lists = new Lists(options, (server) => options.catalog().cached(server));
  }

  get table(): NameTable {
    return this.#lists.table;
  }

  get listings(): Listings {
    return this.#lists.listings;
  }

  /** The same with some servers' lists as one session sees them. */
  listsWith(own: ReadonlyMap<string, ToolList>): Lists {
    const { catalog } = this.#options;
    return new Lists(this.#options, (server) => own.get(server) ?? catalog().cached(server));
  }

  /** What the endpoint says of itself to nobody in particular. */
  get overview(): JsonObject {
    const { serverInfo, selection } = this.#options;
    return introduction(undefined, { serverInfo, selection, lists: [], isComplete: false });
  }

  /** Another description of a tool than that of its server. */
  description(aim: Aim): string | undefined {
    return this.#options.selection.description(aim);
  }

  isPersonal(server: string): boolean {
    return this.#options.isPersonal(server);
  }

  /** The result of `initialize`. */
  introduce(params: JsonObject | undefined, principal: Principal): JsonObject {
    const { serverInfo, selection, sees } = this.#options;
    const { known } = this.#lists;
    const lists = known.filter(({ server }) => sees(principal, server));
    return introduction(params, { serverInfo, selection, lists, isComplete: known.length === this.servers.length });
  }

  /** Asks for lists that are not known, or old. A promise when the first lists are worth waiting for. */
  gather(): Promise<void> | undefined {
    const catalog = this.#options.catalog();
    const now = performance.now();
    const asked = this.servers.flatMap((server) => {
      if (this.isPersonal(server) || catalog.look(server) !== undefined) return [];
      const before = this.#askedAt.get(server);
      if (before !== undefined && now - before < PAUSE_MS) return [];
      this.#askedAt.set(server, now);
      const listed = catalog.list(server).then(
        () => this.#askedAt.delete(server),
        // Why it failed is in the log; it is missing until it is asked again.
        () => undefined,
      );
      // It has kept everybody waiting before.
      return before === undefined ? listed : [];
    });
    if (asked.length > 0) this.#gathering = this.#firstOf(asked);
    return this.#gathering;
  }

  /** What has to be waited for before it is clear what is meant: lists that were never fetched. */
  doubtAbout({ name = "" }: Subject, aim: Aim | undefined): Promise<void> | undefined {
    const isClear =
      aim !== undefined && (!HASHED.test(name) || this.#options.catalog().cached(aim.server) !== undefined);
    return isClear ? undefined : this.gather();
  }

  /** A client has come. What is returned is called when it leaves. */
  join(audience: Audience): () => void {
    this.#told ??= this.listings;
    this.#clock ??= this.#watch();
    this.#audience.add(audience);
    return () => {
      this.#audience.delete(audience);
      if (this.#audience.size > 0) return;
      this.#told = undefined;
      clearInterval(this.#clock);
      this.#clock = undefined;
    };
  }

  /** The catalogue has fetched a list: the audience is told what has changed. */
  listed(server: string): void {
    if (this.#told === undefined || !this.servers.includes(server)) return;
    const [before, now] = [this.#told, this.listings];
    if (before === now) return;
    this.#told = now;
    const changed = LIST_KINDS.filter((kind) => before.textOf(kind) !== now.textOf(kind));
    for (const method of new Set(changed.map((kind) => CHANGES[kind]))) {
      const line = notificationLine(method);
      for (const client of this.#audience) {
        const what = `a client of "${this.name}" could not be told of a change`;
        guarded(this.#options.emit, what, () => client.tell({ kind: "notification", method, params: undefined, line }));
      }
    }
  }

  /** Lists that are old are fetched again although nobody asks for them, as long as there is somebody to tell of a change. */
  #watch(): NodeJS.Timeout | undefined {
    const { maxAgeMs, emit } = this.#options;
    const everyMs = Math.max(maxAgeMs, PAUSE_MS);
    if (everyMs > LONGEST_TIMER_MS) return undefined;
    const what = `the lists of "${this.name}" could not be renewed`;
    return setInterval(() => guarded(emit, what, () => void this.gather()), everyMs).unref();
  }

  /** Until all have answered, but not for ever. */
  #firstOf(asked: readonly Promise<unknown>[]): Promise<void> {
    const all = Promise.allSettled([...asked, this.#gathering]);
    const gathering = inTime(all, FIRST_MS).finally(() => {
      if (this.#gathering === gathering) this.#gathering = undefined;
    });
    return gathering;
  }
}
