import type { Frame } from "../../protocol/frame.ts";
import type { RequestId } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import { resultOf } from "../../protocol/result-text.ts";
import { ToolReader } from "../../protocol/tool-reader.ts";
import { isRepeatable } from "../../protocol/tool.ts";

/** A longer list is not read again here; its tools count as unknown. */
const MAX_LIST_BYTES = 4 * 1024 * 1024;
const MAX_TOOLS = 5_000;
const MAX_OPEN = 100;

/** What a server says of its tools, read from the lists that its client asks for. */
export class SeenTools {
  readonly #server: string;
  readonly #repeatable = new Set<string>();
  /** Requests for a page of the list; true for the first one. */
  readonly #open = new Map<RequestId, boolean>();

  constructor(server: string) {
    this.#server = server;
  }

  /** Whether a tool says that to call it twice does no harm. */
  mayRepeat(name: unknown): boolean {
    return typeof name === "string" && this.#repeatable.has(name);
  }

  sent(frame: Frame): void {
    if (frame.kind !== "request" || frame.method !== methods.listTools || this.#open.size >= MAX_OPEN) return;
    this.#open.set(frame.id, frame.params?.["cursor"] === undefined);
  }

  received(frame: Frame): void {
    if (frame.kind !== "response" || this.#open.size === 0) return;
    const isFirst = this.#open.get(frame.id);
    if (isFirst === undefined) return;
    this.#open.delete(frame.id);
    if (frame.failed || frame.line.length > MAX_LIST_BYTES) return;
    const reader = new ToolReader(this.#server);
    try {
      reader.read(resultOf(frame.line));
    } catch {
      // Of a long line only the ends have been parsed; the client will find out what is wrong with the rest.
      return;
    }
    if (isFirst) this.#repeatable.clear();
    for (const tool of reader.tools.values()) {
      if (isRepeatable(tool) && this.#repeatable.size < MAX_TOOLS) this.#repeatable.add(tool.name);
    }
  }
}
