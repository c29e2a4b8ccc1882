import { member } from "../lib/json.ts";
import type { Emit } from "../protocol/events.ts";
import { gatewayItself } from "../protocol/principal.ts";
import type { SessionOpener } from "../protocol/session.ts";
import { ToolReader } from "../protocol/tool-reader.ts";
import type { ToolCatalog, ToolList } from "../protocol/tool.ts";
import { listEntries, type ListWarning } from "./list-entries.ts";
import { listTools } from "./list-tools.ts";
import type { ListFiles } from "./list-files.ts";
import { McpClient, type ClientSettings } from "./mcp-client.ts";

export interface CatalogOptions {
  readonly sessions: SessionOpener;
  readonly client: ClientSettings;
  readonly emit: Emit;
  /** An older list is fetched again in the background. */
  readonly maxAgeMs: number;
  /** Called when the list of a server has been fetched. */
  readonly onListed?: (server: string) => void;
  /** Where the lists survive a restart of the gateway. */
  readonly files?: ListFiles | undefined;
}

/** The minimum time between two fetches from one server. */
const PAUSE_MS = 2_000;
/** Many servers announce changed tools at every start: an announcement alone triggers no fetch sooner than this after the last one. */
const CHANGE_PAUSE_MS = 30_000;

interface CatalogEntry {
  /** The last list that was fetched successfully. */
  list: ToolList | undefined;
  /** The start of the fetch that returned `list`. */
  listedAt: number;
  /** The result of the latest fetch; the previous list when it failed. */
  latest: Promise<ToolList>;
  isFetching: boolean;
  /** When the latest fetch began or ended. */
  fetchedAt: number;
  hasChanged: boolean;
  /** Why something is missing in the latest list; already logged. */
  warnings: readonly ListWarning[];
}

type Listing = Pick<CatalogEntry, "warnings"> & { readonly list: ToolList };

/**
 * Caches what each server lists: tools, prompts, resources and resource templates, listed on a short-lived session of the gateway's own. A list is fetched again when it is old,
 * when the server announces a change, or when a caller names a tool that is not on it. The old list is served in the meantime,
 * which after a restart is the one in its file.
 */
export class CachingToolCatalog implements ToolCatalog {
  readonly #options: CatalogOptions;
  readonly #entries = new Map<string, CatalogEntry>();

  constructor(options: CatalogOptions) {
    this.#options = options;
  }

  cached(server: string): ToolList | undefined {
    return this.#entry(server)?.list;
  }

  look(server: string): ToolList | undefined {
    const entry = this.#entry(server);
    if (entry?.list === undefined) return undefined;
    if (this.#isOld(entry)) void this.#fetch(server, entry);
    return entry.list;
  }

  list(server: string): Promise<ToolList> {
    const list = this.look(server);
    return list === undefined ? this.refresh(server) : Promise.resolve(list);
  }

  refresh(server: string): Promise<ToolList> {
    const entry = this.#entry(server);
    const mayFetch = entry === undefined || (!entry.isFetching && performance.now() - entry.fetchedAt >= PAUSE_MS);
    return mayFetch ? this.#fetch(server, entry) : entry.latest;
  }

  /** A server has announced that one of its lists changed. */
  changed(server: string): void {
    const entry = this.#entries.get(server);
    if (entry !== undefined) entry.hasChanged = true;
  }

  #entry(server: string): CatalogEntry | undefined {
    const entry = this.#entries.get(server);
    if (entry !== undefined) return entry;
    const list = this.#options.files?.take(server);
    if (list === undefined) return undefined;
    const restored = { ...newEntry(Promise.resolve(list), -Infinity), list, isFetching: false };
    this.#entries.set(server, restored);
    return restored;
  }

  #isOld({ listedAt, fetchedAt, isFetching, hasChanged }: CatalogEntry): boolean {
    const { maxAgeMs } = this.#options;
    const now = performance.now();
    const sinceMs = now - fetchedAt;
    if (isFetching || (hasChanged && sinceMs >= CHANGE_PAUSE_MS)) return !isFetching;
    // A failed fetch is not retried on every call.
    return now - listedAt >= maxAgeMs && sinceMs >= Math.min(maxAgeMs, CHANGE_PAUSE_MS);
  }

  #fetch(server: string, before: CatalogEntry | undefined): Promise<ToolList> {
    const now = performance.now();
    const listing = this.#list(server, before?.list);
    const latest: Promise<ToolList> = listing.then(
      ({ list, warnings }) => {
        this.#logWarnings(server, warnings, entry.warnings);
        this.#options.files?.keep(list);
        settle(entry, { list, warnings, listedAt: now, hasChanged: false });
        this.#options.onListed?.(server);
        return list;
      },
      (error: unknown) => settle(entry, {}, error),
    );
    const entry: CatalogEntry = before ?? newEntry(latest, now);
    entry.isFetching = true;
    entry.fetchedAt = now;
    entry.latest = latest;
    // Handled: session events log the reason, and callers that wait for the promise get it too.
    latest.catch(() => undefined);
    this.#entries.set(server, entry);
    return latest;
  }

  async #list(server: string, before: ToolList | undefined): Promise<Listing> {
    const requestId = "catalog";
    const client = new McpClient(
      this.#options.sessions,
      { principal: gatewayItself, server, transport: "rest", requestId },
      this.#options.client,
    );
    try {
      const initializeResult = await client.initialize(requestId);
      const { capabilities } = initializeResult;
      // Without the capability the server would only respond that the method is unknown.
      const hasTools = member(capabilities, "tools") !== undefined;
      const reading = hasTools ? listTools(client, requestId) : Promise.resolve(new ToolReader(server));
      const others = listEntries(client, { capabilities, before, requestId, tools: reading });
      const [{ tools, warnings }, entries] = await Promise.all([reading, others]);
      const causes = warnings.map((cause) => ({ noun: "tools", cause }));
      return {
        list: { server, initializeResult, tools, ...entries.lists },
        warnings: [...causes, ...entries.warnings],
      };
    } finally {
      void client.session.close("client closed");
    }
  }

  /** Logs only the warnings that the previous list did not have. */
  #logWarnings(server: string, warnings: readonly ListWarning[], before: readonly ListWarning[]): void {
    const isKnown = ({ noun, cause }: ListWarning): boolean =>
      before.some((other) => other.noun === noun && other.cause === cause);
    for (const warning of warnings.filter((one) => !isKnown(one)))
      this.#options.emit({
        type: "trouble",
        what: `some ${warning.noun} of "${server}" are not served`,
        cause: warning.cause,
      });
  }
}

const newEntry = (latest: Promise<ToolList>, now: number): CatalogEntry => ({
  list: undefined,
  listedAt: now,
  latest,
  isFetching: true,
  fetchedAt: now,
  hasChanged: false,
  warnings: [],
});

function settle(entry: CatalogEntry, fresh: Partial<CatalogEntry>, error?: unknown): ToolList {
  Object.assign(entry, fresh, { isFetching: false, fetchedAt: performance.now() });
  if (entry.list === undefined) throw error;
  return entry.list;
}
