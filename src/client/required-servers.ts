import type { ToolCatalog } from "../protocol/tool.ts";

const RETRY_MS = 10_000;

export interface RequiredServersOptions {
  readonly names: readonly string[];
  readonly catalog: ToolCatalog;
  /** Whether the last start of a server, or the last connection to it, succeeded; undefined before the first one. */
  readonly works: (server: string) => boolean | undefined;
  readonly retryMs?: number;
}

/**
 * The servers without which the gateway is not ready. Each is asked for its tools once at the beginning, and again for as long
 * as it fails: a gateway that is not ready gets no calls, so nothing else would find out that the server is back.
 */
export class RequiredServers {
  readonly #options: RequiredServersOptions;
  readonly #answered = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RequiredServersOptions) {
    this.#options = options;
  }

  start(): void {
    const { names, retryMs = RETRY_MS } = this.#options;
    if (names.length === 0) return;
    this.#askAll();
    this.#timer = setInterval(() => this.#askAll(), retryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Those that have not answered yet, or whose last start failed. */
  get #down(): readonly string[] {
    const { names, works } = this.#options;
    return names.filter((name) => !this.#answered.has(name) || works(name) === false);
  }

  /** What is wrong, for everybody: without names. */
  check(): { readonly reason: string; readonly refuses: boolean } | undefined {
    const { length } = this.#down;
    if (length === 0) return undefined;
    const what = length === 1 ? "a required server has" : `${length} required servers have`;
    return { reason: `${what} not started; /health/servers tells more`, refuses: true };
  }

  #askAll(): void {
    for (const name of this.#down) void this.#ask(name);
  }

  async #ask(name: string): Promise<void> {
    try {
      await this.#options.catalog.refresh(name);
      this.#answered.add(name);
    } catch {
      // Logged by the session that asked; it is asked again.
    }
  }
}
