import type { JsonObject } from "../lib/json.ts";
import { byteLength } from "../lib/lines.ts";
import type { Warn } from "../lib/warnings.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { ResponseFrame } from "../protocol/frame.ts";
import { resultOf } from "../protocol/result-text.ts";
import type { McpClient } from "./mcp-client.ts";

/** What reads the results of a listing method, one after the other. */
export interface PageReader {
  readonly size: number;
  readonly warn: Warn;
  read(result: JsonObject): void;
}

export interface PagedList {
  readonly method: string;
  /** What the list has, in the plural. */
  readonly noun: string;
}

const MAX_PAGES = 50;
const MAX_ENTRIES = 10_000;
/** No further page is requested after this time, and none is waited for longer. */
const MAX_MS = 60_000;

/**
 * Reads all pages of a list (MCP 2025-11-25, server utilities, pagination). A list may be endless: whatever exceeds the limits is
 * left out, with a warning in the reader.
 */
export async function readPages(
  client: McpClient,
  { method, noun }: PagedList,
  reader: PageReader,
  requestId: string,
): Promise<void> {
  const { listingBytes } = client.settings;
  const cursors = new Set<string>();
  const endsAt = performance.now() + MAX_MS;
  let params: JsonObject = {};
  let bytes = 0;
  for (;;) {
    const { line } = await pageOf(client, method, params, requestId);
    bytes += byteLength(line);
    if (bytes > listingBytes) return cut(reader, `is longer than limits.messageBytes (${listingBytes} bytes)`);
    const result = resultOf(line);
    reader.read(result);
    const { nextCursor } = result;
    if (typeof nextCursor !== "string") return;
    if (cursors.has(nextCursor)) return cut(reader, "repeats a cursor");
    cursors.add(nextCursor);
    if (cursors.size === MAX_PAGES) return cut(reader, `has more than ${MAX_PAGES} pages`);
    if (reader.size >= MAX_ENTRIES) return cut(reader, `has more than ${MAX_ENTRIES} ${noun}`);
    if (performance.now() >= endsAt) return cut(reader, `takes longer than ${MAX_MS} ms`);
    params = { cursor: nextCursor };
  }
}

async function pageOf(
  client: McpClient,
  method: string,
  params: JsonObject,
  requestId: string,
): Promise<ResponseFrame> {
  const { session, settings } = client;
  const timeoutMs = Math.min(MAX_MS, settings.listingMs ?? MAX_MS);
  try {
    return await client.answerTo(method, params, { requestId, timeoutMs });
  } catch (error) {
    if (!(error instanceof GatewayError) || error.reason !== "call_timeout") throw error;
    const message = `The MCP server "${session.server}" did not answer ${method} within ${timeoutMs} ms.`;
    throw new GatewayError("call_timeout", message);
  }
}

function cut(reader: PageReader, why: string): void {
  reader.warn(`its list ${why}: the rest was left out`);
}
