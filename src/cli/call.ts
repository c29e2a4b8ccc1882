import { Naming } from "../aggregate/naming.ts";
import type { McpClient } from "../client/mcp-client.ts";
import { unknownTool } from "../downstream/did-you-mean.ts";
import type { CallArguments } from "../downstream/rest/arguments.ts";
import { mismatchText } from "../downstream/rest/check-call.ts";
import { rpcFailure } from "../downstream/rest/rpc-failure.ts";
import { plainText } from "../lib/text.ts";
import { durationMs } from "../lib/units.ts";
import { toGatewayError } from "../protocol/errors.ts";
import type { NotificationFrame, ResponseFrame } from "../protocol/frame.ts";
import { methods } from "../protocol/methods.ts";
import { anonymous } from "../protocol/principal.ts";
import { resultOf, resultText } from "../protocol/result-text.ts";
import type { Tool, Tools } from "../protocol/tool.ts";
import { callArguments } from "./call-arguments.ts";
import { textOfResult } from "./call-result.ts";
import { callTarget, type CallTarget } from "./call-target.ts";
import { CallUsageError } from "./call-usage-error.ts";
import { listedTools } from "./listed-tools.ts";
import { withServers, type Shell, type ShellFlags } from "./shell.ts";

export interface CallFlags extends ShellFlags {
  readonly args?: string;
  readonly timeout?: string;
}

const REQUEST_ID = "call";
const PROGRESS_TOKEN = "call";

/** Calls a tool and prints its result. False when the tool, or its server, reports an error. */
export async function call(words: readonly [string, string | undefined], flags: CallFlags): Promise<boolean> {
  const given = await callArguments(flags.args, process.stdin);
  const timeoutMs = flags.timeout === undefined ? undefined : timeoutOf(flags.timeout);
  return withServers(flags, process.env, async (shell) => {
    const { servers, config } = shell.gateway;
    const { separator } = config.naming;
    const target = callTarget(words, { names: servers.names, endpoints: Object.keys(config.groups), separator });
    try {
      const frame = await answerOf({ ...target, given, timeoutMs }, shell);
      shell.bar.hide();
      return printed(frame, flags);
    } catch (thrown) {
      if (thrown instanceof CallUsageError) throw thrown;
      shell.bar.hide();
      process.stderr.write(`${toGatewayError(thrown).message}\n`);
      return false;
    }
  });
}

interface CallRequest extends CallTarget {
  readonly given: CallArguments;
  readonly timeoutMs: number | undefined;
}

async function answerOf(request: CallRequest, shell: Shell): Promise<ResponseFrame> {
  const { gateway, bar, caller } = shell;
  const { server, tool: name, given } = request;
  checkCaller(server, shell);
  bar.show(`starting ${server}`);
  const client = gateway.connectTo(server, REQUEST_ID, caller);
  try {
    const { tools } = await listedTools(client, REQUEST_ID);
    const tool = tools.get(name) ?? withWord(request, tools, shell);
    const where = `mcp-gateway tools ${server} lists its tools.`;
    if (tool === undefined) throw new CallUsageError(unknownTool(server, name, tools.keys(), where).message);
    await check(tool, given, shell);
    bar.show(`calling ${plainText(name) ?? ""}`);
    const frame = await send(client, { ...request, tool: tool.name }, bar);
    if (frame.failed) throw rpcFailure(frame, server, name);
    return frame;
  } finally {
    await client.session.close("client closed");
  }
}

/** The tool whose name with its server is this word. */
function withWord(
  { server, word }: CallTarget,
  tools: Tools,
  { gateway: { config, servers } }: Shell,
): Tool | undefined {
  if (word === undefined) return undefined;
  const naming = new Naming(servers.names, config.naming.separator);
  return [...tools.values()].find(({ name }) => naming.nameOf({ server, name }) === word);
}

/** An entry that is filled in from its caller needs one. */
function checkCaller(server: string, { gateway, caller }: Shell): void {
  if (!gateway.servers.has(server)) return;
  try {
    gateway.servers.get(server).settings.callerKey?.(anonymous, caller);
  } catch (thrown) {
    throw new CallUsageError(`${toGatewayError(thrown).message} --header "Name: value" gives it.`);
  }
}

async function check(tool: Tool, given: CallArguments, { gateway }: Shell): Promise<void> {
  const { server, name, taskSupport } = tool;
  if (taskSupport === "required")
    throw new CallUsageError(`The tool "${name}" runs only as a task, which this command cannot do.`);
  if (gateway.config.rest.validateInput === "off") return;
  const [first] = await gateway.validator.check({ server, tool, part: "inputSchema" }, given);
  if (first === undefined) return;
  const mismatch = mismatchText(tool, given, first);
  if (gateway.config.rest.validateInput === "warn") return void process.stderr.write(`${mismatch}\n`);
  throw new CallUsageError(`${mismatch} mcp-gateway tools ${server} --json prints the schema.`);
}

function send(
  client: McpClient,
  { tool: name, given, timeoutMs }: CallRequest,
  bar: Shell["bar"],
): Promise<ResponseFrame> {
  const meta = { progressToken: PROGRESS_TOKEN };
  const params = { name, arguments: given.value, _meta: meta };
  const text = `{"name":${JSON.stringify(name)},"arguments":${given.text},"_meta":${JSON.stringify(meta)}}`;
  const onNotification = ({ method, params: about }: NotificationFrame): void => {
    if (method === methods.progress)
      bar.show(progressText(name, about?.["progress"], about?.["total"], about?.["message"]));
  };
  return client.call(methods.callTool, params, text, { requestId: REQUEST_ID, timeoutMs, onNotification }).answer;
}

function progressText(name: string, progress: unknown, total: unknown, message: unknown): string {
  const of = typeof total === "number" ? ` of ${total}` : "";
  const done = typeof progress === "number" ? ` ${progress}${of}` : "";
  const said = plainText(message)?.replaceAll(/\s+/g, " ").slice(0, 60) ?? "";
  return `${plainText(name) ?? ""}${done}${said === "" ? "" : `: ${said}`}`;
}

/** What a tool reports as an error goes to stderr, so that nothing that reads stdout takes it for the result. */
function printed(frame: ResponseFrame, { json = false }: CallFlags): boolean {
  const result = resultOf(frame.line);
  const isError = result["isError"] === true;
  if (json) {
    process.stdout.write(`${resultText(frame.line).toString()}\n`);
    return !isError;
  }
  const { text, notes } = textOfResult(result);
  const out = isError ? process.stderr : process.stdout;
  // A terminal would obey control characters in it.
  const shown = out.isTTY ? (plainText(text) ?? "") : text;
  if (shown !== "") out.write(shown.endsWith("\n") ? shown : `${shown}\n`);
  for (const note of notes) process.stderr.write(`${note}\n`);
  return !isError;
}

function timeoutOf(text: string): number {
  try {
    return durationMs(text);
  } catch {
    throw new CallUsageError(`--timeout: ${text} is no duration, such as 30s or 5m`);
  }
}
