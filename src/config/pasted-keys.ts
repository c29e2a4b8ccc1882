/** Keys that clients keep beside `mcpServers`; none is about a server. */
export const CLIENT_SETTINGS: ReadonlySet<string> = new Set([
  "globalShortcut",
  "inputs",
  "isUsingBuiltInNodeForMcp",
  "preferences",
]);

/** Keys of a server's entry that only its client obeys: how it asks, how it shows the server, when it starts it. */
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

/** Keys that hide tools: whoever wrote one relies on it, so it is not passed over. */
export const TOOL_FILTERS: ReadonlySet<string> = new Set([
  "allowedTools",
  "disabledTools",
  "enabledTools",
  "excludeTools",
  "includeTools",
  "toolFilter",
  "tools",
]);

/** What clients call a server that is reached by a URL. */
export const REMOTE_TYPES: ReadonlySet<string> = new Set([
  "http",
  "remote",
  "sse",
  "streamable-http",
  "streamableHttp",
  "streamable_http",
  "websocket",
  "ws",
]);
