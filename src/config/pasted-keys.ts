/** Keys that clients store beside `mcpServers`; none describes a server. */
export const CLIENT_SETTINGS: ReadonlySet<string> = new Set([
  "globalShortcut",
  "inputs",
  "isUsingBuiltInNodeForMcp",
  "preferences",
]);

/** Keys of a server's entry that only affect the client: approval, display, start-up. */
export const CLIENT_KEYS: ReadonlySet<string> = new Set([
  "alwaysAllow",
  "autoApprove",
  "autoStart",
  "autostart",
  "chatMenu",
  "description",
  "dev",
  "fromGalleryId",
  "gallery",
  "icon",
  "iconPath",
  "initTimeout",
  "name",
  "serverInstructions",
  "startup",
  "title",
  "trust",
  "version",
]);

/** Keys that hide tools. They are an error and not ignored, because the author relies on them. */
export const TOOL_FILTERS: ReadonlySet<string> = new Set([
  "allowedTools",
  "disabledTools",
  "enabledTools",
  "excludeTools",
  "includeTools",
  "toolFilter",
  "tools",
]);

/** The names that clients use for a server behind a URL, with ours. */
export const REMOTE_TYPES: ReadonlyMap<string, string> = new Map([
  ["http", "streamable-http"],
  ["sse", "sse"],
  ["streamable-http", "streamable-http"],
  ["streamableHttp", "streamable-http"],
  ["streamable_http", "streamable-http"],
]);

/** The keys in which clients name the URL. */
export const URL_KEYS: readonly string[] = ["url", "serverUrl", "httpUrl"];

/** Types of connections that there are, but not here. */
export const UNKNOWN_TYPES: ReadonlySet<string> = new Set(["websocket", "ws"]);
