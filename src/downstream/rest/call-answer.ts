import type { Line } from "../../lib/lines.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { ResponseFrame } from "../../protocol/frame.ts";
import { resultText } from "../../protocol/result-text.ts";
import { resultAnswer, saysToolError, type RestAnswer } from "./answer.ts";
import type { RestCall } from "./rest-call.ts";
import type { RestContext } from "./context.ts";
import { rpcFailure } from "./rpc-failure.ts";
import { truncateResult } from "./truncate.ts";

type Settings = RestContext["settings"];

/** The server's response in the requested form; throws errors that become a problem body. */
export function callAnswer(frame: ResponseFrame, call: RestCall, settings: Settings): RestAnswer {
  const { visit, tool } = call;
  if (frame.failed) throw rpcFailure(frame, visit.server, tool);
  try {
    return answerWith(resultText(frame.line), call, settings);
  } catch (cause) {
    // Long results are not parsed on arrival, so invalid JSON is only found here.
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new GatewayError("protocol_violation", `The result of "${tool}" is not valid JSON.`, { cause });
  }
}

function answerWith(whole: Line, { tool, form, accept, preferences }: RestCall, settings: Settings): RestAnswer {
  const isToolError = saysToolError(whole);
  const asHttp = preferences.toolErrorsAsHttp ?? settings.toolErrorsAsHttp;
  if (isToolError && asHttp) {
    const result: unknown = JSON.parse(whole.toString());
    throw new GatewayError("tool_error", `The tool "${tool}" reported an error; see result.`, {
      data: { result },
    });
  }
  const isText = form === "raw" || form === "text";
  const { result, isCut } = truncateResult(whole, isText ? settings.maxResponseChars : 0);
  const answer = resultAnswer(result, form, accept);
  if (!isToolError && !isCut) return answer;
  const headers = { ...(isToolError && { "X-MCP-Tool-Error": "true" }), ...(isCut && { "X-MCP-Truncated": "true" }) };
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
