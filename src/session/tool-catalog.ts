import { isObject } from "../lib/json.ts";
import { gatewayItself } from "../protocol/principal.ts";
import type { SessionTable } from "../protocol/session.ts";
import type { ToolCatalog, ToolList } from "../protocol/tool.ts";
import { McpClient } from "./client.ts";
import { listTools } from "./list-tools.ts";

export interface CatalogOptions {
  readonly sessions: SessionTable;
  readonly clientVersion: string;
  /** An older list is asked for anew, in the background. */
  readonly maxAgeMs: number;
}

/** After a listing, however it ended, a server is not asked again for this long, whoever asks. */
const PAUSE_MS = 2_000;
/** Many servers say at every start that their tools changed: that alone makes a list old only after this long. */
const CHANGE_PAUSE_MS = 30_000;

interface CatalogEntry {
  /** The last list that there was. */
  list: ToolList | undefined;
  /** When that was asked for. */
  listedAt: number;
  /** What the newest asking gave or will give: the list before where it failed. */
  newest: Promise<ToolList>;
  isAsking: boolean;
  /** When the newest asking began or ended. */
  askedAt: number;
  hasChanged: boolean;
}

/**
 * The tools of each server, listed on a session of the gateway's own that ends right after, and kept: listed anew when the list is
 * old, when a server says that it changed, or when a caller names a tool that is not on it. The old list serves until a new one is
 * there.
 */
export class SessionToolCatalog implements ToolCatalog {
  readonly #options: CatalogOptions;
  readonly #known = new Map<string, CatalogEntry>();

  constructor(options: CatalogOptions) {
    this.#options = options;
  }

  look(server: string): ToolList | undefined {
    const known = this.#known.get(server);
    if (known?.list === undefined) return undefined;
    if (this.#isOld(known)) void this.#ask(server, known);
    return known.list;
  }

  list(server: string): Promise<ToolList> {
    const list = this.look(server);
    return list === undefined ? this.renewed(server) : Promise.resolve(list);
  }

  renewed(server: string): Promise<ToolList> {
    const known = this.#known.get(server);
    const mayAsk = known === undefined || (!known.isAsking && performance.now() - known.askedAt >= PAUSE_MS);
    return mayAsk ? this.#ask(server, known) : known.newest;
  }

  /** A server said that its tools are others now. */
  changed(server: string): void {
    const known = this.#known.get(server);
    if (known !== undefined) known.hasChanged = true;
  }

  #isOld({ listedAt, askedAt, isAsking, hasChanged }: CatalogEntry): boolean {
    const { maxAgeMs } = this.#options;
    const now = performance.now();
    const sinceMs = now - askedAt;
    if (isAsking || (hasChanged && sinceMs >= CHANGE_PAUSE_MS)) return !isAsking;
    // What failed is not tried again at every look.
    return now - listedAt >= maxAgeMs && sinceMs >= Math.min(maxAgeMs, CHANGE_PAUSE_MS);
  }

  #ask(server: string, before: CatalogEntry | undefined): Promise<ToolList> {
    const now = performance.now();
    const listing = this.#list(server);
    const known = before ?? {
      list: undefined,
      listedAt: now,
      newest: listing,
      isAsking: true,
      askedAt: now,
      hasChanged: false,
    };
    known.isAsking = true;
    known.askedAt = now;
    known.newest = listing.then(
      (list) => this.#settle(known, { list, listedAt: now, hasChanged: false }),
      (error: unknown) => this.#settle(known, {}, error),
    );
    // The session's own events have told the log why; who waits for it is told, too.
    known.newest.catch(() => undefined);
    this.#known.set(server, known);
    return known.newest;
  }

  #settle(known: CatalogEntry, fresh: Partial<CatalogEntry>, error?: unknown): ToolList {
    Object.assign(known, fresh, { isAsking: false, askedAt: performance.now() });
    if (known.list === undefined) throw error;
    return known.list;
  }

  async #list(server: string): Promise<ToolList> {
    const { sessions, clientVersion } = this.#options;
    const requestId = "catalog";
    const client = new McpClient(
      sessions,
      { principal: gatewayItself, server, transport: "rest", requestId },
      clientVersion,
    );
    try {
      const hello = await client.ready(requestId);
      const { capabilities } = hello;
      // A server without the capability would only answer that it does not know the method.
      const hasTools = isObject(capabilities) && capabilities["tools"] !== undefined;
      return { server, hello, tools: hasTools ? await listTools(client, requestId) : new Map() };
    } finally {
      void client.session.close("client closed");
    }
  }
}
