import { scanKeys, valueEnd } from "../../lib/json-scan.ts";
import type { ResponseFrame } from "../../protocol/frame.ts";
import { encodeId } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import { resultText } from "../../protocol/result-text.ts";

/** The methods whose results clients and proxies may cache (MCP 2026-07-28, caching). */
export const CACHEABLE: ReadonlySet<string> = new Set([
  "server/discover",
  methods.listTools,
  methods.listPrompts,
  methods.listResources,
  methods.listTemplates,
  methods.readResource,
]);

/**
 * A result that its server calls public may be cached for all callers. Under a policy it is that of one caller: another one may see
 * less of a list, or may not read the resource.
 */
export function withPrivateScope(answer: ResponseFrame): ResponseFrame {
  if (answer.failed || !answer.line.includes('"cacheScope"')) return answer;
  const text = resultText(answer.line).toString();
  let result = text;
  scanKeys(text, 1, ({ key, depth, valueAt }) => {
    if (depth !== 1 || key !== "cacheScope") return;
    result = `${text.slice(0, valueAt)}"private"${text.slice(valueEnd(text, valueAt))}`;
  });
  return result === text
    ? answer
    : { ...answer, line: `{"jsonrpc":"2.0","id":${encodeId(answer.id)},"result":${result}}` };
}
