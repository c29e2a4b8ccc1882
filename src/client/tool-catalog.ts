import { member } from "../lib/json.ts";
import type { Emit } from "../protocol/events.ts";
import { gatewayItself } from "../protocol/principal.ts";
import type { SessionOpener } from "../protocol/session.ts";
import type { ToolReader } from "../protocol/tool-reader.ts";
import type { ToolCatalog, ToolList } from "../protocol/tool.ts";
import { listTools } from "./list-tools.ts";
import { McpClient, type ClientSettings } from "./mcp-client.ts";

export interface CatalogOptions {
  readonly sessions: SessionOpener;
  readonly client: ClientSettings;
  readonly emit: Emit;
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
  /** What is missing in the newest list, as the log was told. */
  warnings: readonly string[];
}

type Listing = Pick<CatalogEntry, "warnings"> & { readonly list: ToolList };

/**
 * The tools of each server, listed on a session of the gateway's own that ends right after, and kept: listed anew when the list is
 * old, when a server says that it changed, or when a caller names a tool that is not on it. The old list serves until a new one is
 * there.
 */
export class CachingToolCatalog implements ToolCatalog {
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
    const newest: Promise<ToolList> = listing.then(
      ({ list, warnings }) => {
        this.#tell(server, warnings, known.warnings);
        return settle(known, { list, warnings, listedAt: now, hasChanged: false });
      },
      (error: unknown) => settle(known, {}, error),
    );
    const known: CatalogEntry = before ?? newEntry(newest, now);
    known.isAsking = true;
    known.askedAt = now;
    known.newest = newest;
    // The session's own events have told the log why; who waits for it is told, too.
    newest.catch(() => undefined);
    this.#known.set(server, known);
    return newest;
  }

  async #list(server: string): Promise<Listing> {
    const requestId = "catalog";
    const client = new McpClient(
      this.#options.sessions,
      { principal: gatewayItself, server, transport: "rest", requestId },
      this.#options.client,
    );
    try {
      const initializeResult = await client.initialize(requestId);
      // A server without the capability would only answer that it does not know the method.
      const hasTools = member(initializeResult["capabilities"], "tools") !== undefined;
      const { tools, warnings } = hasTools ? await listTools(client, requestId) : NOTHING;
      return { list: { server, initializeResult, tools }, warnings };
    } finally {
      void client.session.close("client closed");
    }
  }

  /** What was missing in the list before, too, is known. */
  #tell(server: string, warnings: readonly string[], before: readonly string[]): void {
    for (const cause of warnings.filter((warning) => !before.includes(warning)))
      this.#options.emit({ type: "trouble", what: `some tools of "${server}" are not served`, cause });
  }
}

const NOTHING: Pick<ToolReader, "tools" | "warnings"> = { tools: new Map(), warnings: [] };

const newEntry = (newest: Promise<ToolList>, now: number): CatalogEntry => ({
  list: undefined,
  listedAt: now,
  newest,
  isAsking: true,
  askedAt: now,
  hasChanged: false,
  warnings: [],
});

function settle(known: CatalogEntry, fresh: Partial<CatalogEntry>, error?: unknown): ToolList {
  Object.assign(known, fresh, { isAsking: false, askedAt: performance.now() });
  if (known.list === undefined) throw error;
  return known.list;
}
