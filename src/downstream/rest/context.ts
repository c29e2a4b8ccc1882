import type { ClientSettings } from "../../client/mcp-client.ts";
import type { ToolCatalog } from "../../protocol/tool.ts";
import type { ServerSettings } from "../../protocol/upstream.ts";
import type { DownstreamContext } from "../context.ts";
import type { IdempotencyStore } from "./idempotency.ts";
import type { MintedIds } from "./minted-ids.ts";
import type { SchemaValidator } from "./checks/validator.ts";

/** What REST needs in addition to the common downstream context. */
export interface RestContext extends DownstreamContext {
  readonly catalog: ToolCatalog;
  /** The settings of the MCP client that the gateway uses for REST sessions. */
  readonly client: ClientSettings;
  readonly settings: RestSettings;
  readonly idempotency: IdempotencyStore;
  readonly minted: MintedIds;
  readonly validator: SchemaValidator;
  /** The call settings of a configured server. */
  readonly callsOf: (server: string) => Pick<ServerSettings, "timeoutMs" | "callerKey"> & { readonly serial: boolean };
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
  /** Maximum number of calls of one session that wait for its start or for their turn. */
  readonly inFlight: number;
}
