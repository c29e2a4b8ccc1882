import { nanoid } from "nanoid";
import { toGatewayError } from "../../protocol/errors.ts";
import type { NotificationFrame, ResponseFrame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";
import type { Call, McpClient } from "../../client/mcp-client.ts";
import { endAnswer } from "./answer.ts";
import { longestTime, type CheckedCall, type RestCall } from "./rest-call.ts";
import { callAnswer } from "./call-answer.ts";
import { CallStream } from "./call-stream.ts";
import { checkResult, checksResult } from "./check-call.ts";
import type { RestContext } from "./context.ts";
import type { RunningCall } from "./idempotency.ts";
import { problemAnswer, type ProblemPlace } from "./problem.ts";

/** Sends a call on a session that is ready and answers its caller, unless that has left. */
export async function sendCall(
  client: McpClient,
  call: CheckedCall,
  begun: RunningCall | undefined,
  context: RestContext,
): Promise<void> {
  const { caller, form } = call;
  // A response that is closed already says so no more.
  caller.refuseIfLeft();
  caller.deadline.refuseIfOver("the call was not sent yet");
  if (form === "stream") return streamAnswer(client, call, context);
  const { id, answer } = send(client, call, undefined);
  caller.onLeave(() => client.cancel(id, "the caller went away", call.visit.requestId));
  try {
    const frame = inTime(await answer, call, context);
    const whole = callAnswer(frame, call, context.settings);
    if (checksResult(call.listed, context)) await checkResult(frame, call, context);
    begun?.finish(whole);
    endAnswer(caller.response, whole, context.streams.limits.stallMs);
  } catch (thrown) {
    // It may have run: the same key must not make it run again.
    begun?.finish(problemAnswer(toGatewayError(thrown), placeOf(call)));
    throw thrown;
  }
}

async function streamAnswer(client: McpClient, call: CheckedCall, context: RestContext): Promise<void> {
  const { caller, visit, tool } = call;
  const stream = new CallStream(context, visit);
  const { id, answer } = send(client, call, stream);
  stream.begin(caller.response);
  caller.onLeave(() => client.cancel(id, "the caller went away", visit.requestId));
  try {
    stream.finish(inTime(await answer, call, context), tool);
  } catch (thrown) {
    stream.fail(thrown, tool);
  }
}

function send(client: McpClient, { visit, tool, given, caller }: RestCall, stream: CallStream | undefined): Call {
  const name = JSON.stringify(tool);
  // A token of the gateway's own, for those who want to see progress.
  const token = stream === undefined ? undefined : nanoid();
  const meta = token === undefined ? "" : `,"_meta":{"progressToken":${JSON.stringify(token)}}`;
  const params = {
    name: tool,
    arguments: given.value,
    ...(token !== undefined && { _meta: { progressToken: token } }),
  };
  const onNotification = stream === undefined ? undefined : (frame: NotificationFrame): void => stream.notify(frame);
  const options = { requestId: visit.requestId, timeoutMs: caller.deadline.leftMs, onNotification };
  return client.call(methods.callTool, params, `{"name":${name},"arguments":${given.text}${meta}}`, options);
}

/** The session ends a call whose time is over, but does not know who gave it that time. */
function inTime(frame: ResponseFrame, { caller }: RestCall, context: RestContext): ResponseFrame {
  const { fault } = frame;
  if (fault?.reason !== "call_timeout") return frame;
  throw caller.deadline.error(fault.message.replace(/\.$/, ""), longestTime(context));
}

function placeOf({ visit, tool, accept }: RestCall): ProblemPlace {
  const { requestId, server, publicPrefix } = visit;
  return { requestId, server, publicPrefix, tool, accept };
}
