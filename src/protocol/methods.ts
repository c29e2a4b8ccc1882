/** The methods that the gateway handles itself; all others are relayed unchanged. */
export const methods = {
  initialize: "initialize",
  initialized: "notifications/initialized",
  ping: "ping",
  cancelled: "notifications/cancelled",
  progress: "notifications/progress",
  message: "notifications/message",
  toolsChanged: "notifications/tools/list_changed",
  promptsChanged: "notifications/prompts/list_changed",
  resourcesChanged: "notifications/resources/list_changed",
  resourceUpdated: "notifications/resources/updated",
  setLevel: "logging/setLevel",
  subscribe: "resources/subscribe",
  unsubscribe: "resources/unsubscribe",
  listTools: "tools/list",
  callTool: "tools/call",
} as const;
