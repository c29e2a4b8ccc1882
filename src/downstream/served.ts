import type { IncomingMessage } from "node:http";
import { GatewayError } from "../protocol/errors.ts";
import type { Principal } from "../protocol/principal.ts";
import type { DownstreamContext } from "./context.ts";
import { credentialsOf } from "./credentials.ts";
import { publicPrefix } from "./public-path.ts";

/** More are counted only. */
const MAX_NAMES = 20;
const TOGETHER = "All of them together are at /mcp and /sse.";
const ELSEWHERE = "REST is at /api, the OpenAPI document at /openapi.json, a page for people at /docs.";

type ServedContext = Pick<DownstreamContext, "gate" | "visibility" | "publicPath" | "trustedProxies">;

/** What there is instead of what was asked for. The names of servers are for those who may call them. */
export async function servedInstead(request: IncomingMessage, context: ServedContext): Promise<string> {
  const principal = await principalOf(request, context);
  const paths = principal === undefined ? "" : serverPaths(request, principal, context);
  const names = paths === "" ? "" : `: ${paths}`;
  return `MCP servers are at /<server>/mcp and /<server>/sse${names}. ${TOGETHER} ${ELSEWHERE}`;
}

/** `/echo/mcp, /memory/mcp`, as the caller reaches them: those that it may use. */
export function serverPaths(
  request: IncomingMessage,
  principal: Principal,
  { visibility, publicPath }: Omit<ServedContext, "gate">,
): string {
  const serverNames = visibility.servers(principal);
  const prefix = publicPrefix(request, publicPath);
  const paths = serverNames.slice(0, MAX_NAMES).map((name) => `${prefix}/${name}/mcp`);
  const more = serverNames.length - paths.length;
  return paths.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

async function principalOf(request: IncomingMessage, context: ServedContext): Promise<Principal | undefined> {
  try {
    return await context.gate.admit(credentialsOf(request, context));
  } catch (error) {
    // That it does not know who asks is the gate's answer, not a failure.
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}
