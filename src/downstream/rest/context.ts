import type { ClientSettings } from "../../client/mcp-client.ts";
import type { ToolCatalog } from "../../protocol/tool.ts";
import type { DownstreamContext } from "../context.ts";
import type { IdempotencyStore } from "./idempotency.ts";
import type { MintedIds } from "./minted-ids.ts";
import type { SchemaValidator } from "./checks/validator.ts";

/** What REST needs besides what every downstream has. */
export interface RestContext extends DownstreamContext {
  readonly catalog: ToolCatalog;
  /** The gateway as the MCP client of its REST sessions. */
  readonly client: ClientSettings;
  readonly settings: RestSettings;
  readonly idempotency: IdempotencyStore;
  readonly minted: MintedIds;
  readonly validator: SchemaValidator;
  /** What the entry of a server says of its calls. */
  readonly callsOf: (server: string) => { readonly timeoutMs: number | undefined; readonly serial: boolean };
}

export interface RestSettings {
  readonly timeoutMs: number;
  readonly maxTimeoutMs: number;
  readonly idleMs: number;
  readonly oneshot: boolean;
  readonly onlyMinted: boolean;
  readonly implicitSession: readonly string[];
  readonly toolErrorsAsHttp: boolean;
  readonly validateInput: "on" | "warn" | "off";
  readonly validateOutput: "strict" | "warn" | "off";
  readonly maxResponseChars: number;
  /** Calls of one session that may wait for its start or for their turn. */
  readonly inFlight: number;
}
