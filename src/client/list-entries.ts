import { errorMessage } from "../lib/error-message.ts";
import { member, type JsonObject } from "../lib/json.ts";
import { EntryReader, entryKinds, noEntries, type EntryKind } from "../protocol/entry-reader.ts";
import { modernCodes } from "../protocol/eras/modern.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { EntryLists } from "../protocol/tool.ts";
import { readPages } from "./list-pages.ts";
import type { McpClient } from "./mcp-client.ts";

export interface ListWarning {
  /** What is missing, in the plural. */
  readonly noun: string;
  readonly cause: string;
}

export interface EntryListing {
  readonly lists: EntryLists;
  readonly warnings: readonly ListWarning[];
}

export interface EntryListingOptions {
  /** What `initialize` returned: lists that the server does not declare are not asked for. */
  readonly capabilities: unknown;
  /** The lists of the last time: a list that cannot be read keeps its entries. */
  readonly before: EntryLists | undefined;
  readonly requestId: string;
  /** Settles when the tools are listed. */
  readonly tools: Promise<unknown>;
}

/** What one list came to; without entries it could not be read. */
interface Reading {
  readonly entries?: readonly JsonObject[];
  readonly causes: readonly string[];
}

/** How much longer than the list of tools these may take: a caller that needs the tools only waits for them too. */
const PATIENCE_MS = 5_000;

/** Asks a server for its prompts, resources and resource templates, all at once. Rejects only with a mistake of ours. */
export async function listEntries(client: McpClient, options: EntryListingOptions): Promise<EntryListing> {
  const { capabilities, before = noEntries, requestId, tools } = options;
  const kinds = entryKinds.filter(({ capability }) => member(capabilities, capability) !== undefined);
  const read = await Promise.all(
    kinds.map(async (kind) => ({ kind, reading: await inTime(kind, readingOf(client, kind, requestId), tools) })),
  );
  return {
    lists: read.reduce(
      (lists, { kind: { key }, reading: { entries } }) => ({ ...lists, [key]: entries ?? before[key] }),
      noEntries,
    ),
    warnings: read.flatMap(({ kind: { noun }, reading }) => reading.causes.map((cause) => ({ noun, cause }))),
  };
}

async function readingOf(client: McpClient, kind: EntryKind, requestId: string): Promise<Reading> {
  const reader = new EntryReader(kind);
  try {
    await readPages(client, kind, reader, requestId);
    return { entries: reader.entries, causes: reader.warnings };
  } catch (error) {
    // Templates have no capability of their own (MCP 2025-11-25, resources): a server without them may not know the method.
    return isUnknownMethod(error) ? { entries: [], causes: [] } : { causes: [errorMessage(error)] };
  }
}

const isUnknownMethod = (error: unknown): boolean =>
  error instanceof GatewayError && member(member(error.details.data, "rpc"), "code") === modernCodes.methodNotFound;

async function inTime({ method }: EntryKind, reading: Promise<Reading>, tools: Promise<unknown>): Promise<Reading> {
  let timer: NodeJS.Timeout | undefined;
  let isRead = false;
  const tooLate = new Promise<Reading>((resolve) => {
    const causes = [`${method} was not answered within ${PATIENCE_MS} ms`];
    const wait = (): void => {
      if (!isRead) timer = setTimeout(() => resolve({ causes }), PATIENCE_MS);
    };
    tools.then(wait, wait);
  });
  try {
    return await Promise.race([reading, tooLate]);
  } finally {
    isRead = true;
    clearTimeout(timer);
  }
}
