import { isObject } from "../lib/json.ts";
import { gatewayItself } from "../protocol/principal.ts";
import type { SessionTable } from "../protocol/session.ts";
import type { ListedTool, ToolCatalog, ToolList } from "../protocol/tool.ts";
import { McpClient } from "./client.ts";
import { listTools } from "./list-tools.ts";

export interface CatalogOptions {
  readonly sessions: SessionTable;
  readonly clientVersion: string;
  /** An older list is asked for anew, in the background. */
  readonly maxAgeMs: number;
}

/** After a miss or a failure a server is not asked again for this long, whoever asks. */
const PAUSE_MS = 2_000;
/** Many servers say at every start that their tools changed: that alone makes a list old only after this long. */
const CHANGE_PAUSE_MS = 30_000;

interface Known {
  readonly asked: Promise<ToolList>;
  readonly at: number;
  hasChanged: boolean;
}

/**
 * The tools of each server, listed once on a session of the gateway's own that ends right after, and kept: listed anew when the
 * list is old, when a server says that it changed, or when a caller names a tool that is not on it.
 */
export class SessionToolCatalog implements ToolCatalog {
  readonly #options: CatalogOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: CatalogOptions) {
    this.#options = options;
  }

  list(server: string): Promise<ToolList> {
    const known = this.#known.get(server);
    if (known === undefined) return this.#ask(server);
    // The old list serves until the new one is there; a failure leaves it in place.
    if (this.#isOld(known)) void this.#refresh(server, known);
    return known.asked;
  }

  async find(server: string, name: string): Promise<ListedTool | undefined> {
    const tool = (await this.list(server)).tools.get(name);
    const known = this.#known.get(server);
    if (tool !== undefined || known === undefined || performance.now() - known.at < PAUSE_MS) return tool;
    return (await this.#ask(server)).tools.get(name);
  }

  /** A server said that its tools are others now. */
  changed(server: string): void {
    const known = this.#known.get(server);
    if (known !== undefined) known.hasChanged = true;
  }

  #isOld({ at, hasChanged }: Known): boolean {
    const ageMs = performance.now() - at;
    return ageMs >= this.#options.maxAgeMs || (hasChanged && ageMs >= CHANGE_PAUSE_MS);
  }

  async #refresh(server: string, old: Known): Promise<void> {
    const now = performance.now();
    // From here on the old one counts as young: one refresh at a time.
    this.#known.set(server, { asked: old.asked, at: now, hasChanged: false });
    try {
      const fresh = await this.#list(server);
      this.#known.set(server, { asked: Promise.resolve(fresh), at: performance.now(), hasChanged: false });
    } catch {
      // The session's own events have told the log why; the old list stays until it is old again.
    }
  }

  #ask(server: string): Promise<ToolList> {
    const asked = this.#list(server);
    this.#known.set(server, { asked, at: performance.now(), hasChanged: false });
    asked.catch(() => this.#forgetSoon(server, asked));
    return asked;
  }

  #forgetSoon(server: string, failed: Promise<ToolList>): void {
    setTimeout(() => {
      if (this.#known.get(server)?.asked === failed) this.#known.delete(server);
    }, PAUSE_MS).unref();
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
