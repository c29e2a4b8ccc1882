import { nanoid } from "nanoid";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Line } from "../../lib/lines.ts";
import { McpClient, type Call } from "../../session/client.ts";
import { listTools } from "../../session/list-tools.ts";
import { GatewayError, toGatewayError } from "../../protocol/errors.ts";
import type { NotificationFrame, ResponseFrame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";
import { resultOf, resultText } from "../../protocol/result-text.ts";
import type { Session } from "../../protocol/session.ts";
import type { ListedTool } from "../../protocol/tool.ts";
import { readJsonBody } from "../body.ts";
import type { Visit } from "../context.ts";
import { endAnswer, resultAnswer, saysToolError, type RestAnswer } from "./answer.ts";
import { readArguments, withoutStraySessionId, type CallArguments } from "./arguments.ts";
import type { RestContext } from "./context.ts";
import type { Begun } from "./idempotency.ts";
import { preferencesOf, type Preferences } from "./preferences.ts";
import { problemAnswer, type ProblemPlace } from "./problem.ts";
import { resultForm, type ResultForm } from "./result-form.ts";
import { rpcFailure } from "./rpc-failure.ts";
import { sessionIdOf } from "./session-id.ts";
import { CallStream } from "./call-stream.ts";
import { cutResult } from "./truncate.ts";

/** One HTTP request for one call, read. */
interface Asked {
  readonly visit: Visit;
  readonly tool: string;
  readonly form: ResultForm;
  readonly accept: string | undefined;
  readonly preferences: Preferences;
  readonly sessionId: string | undefined;
  readonly given: CallArguments;
}

/** A call whose tool was found and whose arguments fit. */
interface Sent extends Asked {
  readonly listed: ListedTool;
}

export interface CallRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly visit: Visit;
  readonly tool: string;
  readonly query: URLSearchParams | undefined;
}

/** `POST /api/<server>/<tool>`: the arguments in, the result out. The gateway is the MCP client of the caller's session. */
export class RestCalls {
  readonly #context: RestContext;
  readonly #clients = new WeakMap<Session, McpClient>();
  /** Tools of a session whose server said that they differ from the catalog's. */
  readonly #ownTools = new WeakMap<McpClient, ReadonlyMap<string, ListedTool>>();
  /** The last call of each session whose server takes one at a time. */
  readonly #turns = new WeakMap<McpClient, Promise<unknown>>();

  constructor(context: RestContext) {
    this.#context = context;
  }

  async handle({ request, response, visit, tool, query }: CallRequest): Promise<void> {
    const { settings, idempotency, limits, bodies } = this.#context;
    const form = resultForm(request.headers.accept, query?.get("result") ?? undefined);
    const sessionId = sessionIdOf(request, query, settings.implicitSession);
    this.#checkSessionId(visit, sessionId);
    // The arguments are kept until the call is answered.
    const body = hasBody(request) ? (await readJsonBody(request, bodies, visit.principal, response)).toString() : "";
    const { accept } = request.headers;
    const asked: Asked = {
      visit,
      tool,
      form,
      accept,
      sessionId,
      preferences: preferencesOf(request, query),
      given: readArguments(body),
    };
    const key = request.headers["idempotency-key"];
    if (typeof key !== "string") return this.#run(asked, response, undefined);
    if (form === "stream")
      throw new GatewayError("invalid_request", "A stream cannot be given again: leave the Idempotency-Key out.");
    const begun = idempotency.begin([visit.principal.kind, visit.principal.id, visit.server, tool], key, body);
    if ("status" in begun) return endAnswer(response, begun, limits.stallMs);
    await this.#run(asked, response, begun);
  }

  #checkSessionId({ principal }: Visit, sessionId: string | undefined): void {
    const { settings, minted } = this.#context;
    if (sessionId === undefined) {
      if (settings.oneshot) return;
      throw new GatewayError("session_required", "Add ?sessionId=; GET /api/sessionid gives one, or choose your own.");
    }
    if (settings.onlyMinted && !minted.has(principal, sessionId)) {
      throw new GatewayError("session_not_found", "No such session; GET /api/sessionid gives an id.");
    }
  }

  async #run(asked: Asked, response: ServerResponse, begun: Begun | undefined): Promise<void> {
    const { visit, sessionId } = asked;
    let client: McpClient | undefined;
    try {
      const known = sessionId === undefined ? undefined : this.#existing(visit, sessionId);
      const tool = await this.#findTool(asked, known);
      const given = await this.#checked(tool, asked.given);
      client = this.#existingOrNew(visit, sessionId);
      if (sessionId !== undefined) response.setHeader("X-MCP-Session", client === known ? "reused" : "new");
      await client.ready(visit.requestId);
      const sent: Sent = { ...asked, given, listed: tool };
      if (!this.#context.callsOf(visit.server).serial) return await this.#call(client, sent, response, begun);
      await this.#inTurn(client, sent, response, begun);
    } finally {
      begun?.forget();
      if (sessionId === undefined) void client?.session.close("client closed");
    }
  }

  /** After the calls of the same session that came before; not at all when the caller has gone by then. */
  async #inTurn(client: McpClient, sent: Sent, response: ServerResponse, begun: Begun | undefined): Promise<void> {
    const before = this.#turns.get(client) ?? Promise.resolve();
    const turn = before.then(() => (response.destroyed ? undefined : this.#call(client, sent, response, begun)));
    // The next one waits for the end of this one, whatever it is.
    this.#turns.set(
      client,
      turn.catch(() => undefined),
    );
    await turn;
  }

  async #call(client: McpClient, asked: Sent, response: ServerResponse, begun: Begun | undefined): Promise<void> {
    const { visit, tool, form } = asked;
    const stream = form === "stream" ? new CallStream(this.#context, visit) : undefined;
    const call = this.#send(client, asked, stream);
    stream?.begin(response);
    // With a key the caller may come back for the answer.
    if (begun === undefined)
      response.once("close", () => client.cancel(call.id, "the caller went away", visit.requestId));
    try {
      const frame = await call.answer;
      if (stream !== undefined) return stream.finish(frame, tool);
      const answer = this.#answerFor(frame, asked);
      if (this.#checksOutput(asked.listed)) await this.#checkOutput(frame, asked);
      begun?.finish(answer);
      endAnswer(response, answer, this.#context.limits.stallMs);
    } catch (thrown) {
      if (stream !== undefined) return stream.fail(thrown, tool);
      // It may have run: the same key must not make it run again.
      begun?.finish(problemAnswer(toGatewayError(thrown), this.#placeOf(asked)));
      throw thrown;
    }
  }

  #checksOutput({ listed }: ListedTool): boolean {
    return this.#context.settings.validateOutput !== "off" && listed["outputSchema"] !== undefined;
  }

  async #checkOutput(frame: ResponseFrame, { listed, tool }: Sent): Promise<void> {
    const { settings, validator, events } = this.#context;
    const text = resultText(frame.line).toString();
    const result = resultOf(frame.line);
    // A tool that failed need not say so in the shape of its results (MCP 2025-11-25, tools, output schema).
    if (result["isError"] === true) return;
    const [first] = await validator.check(listed, "outputSchema", { value: result["structuredContent"], text });
    if (first === undefined) return;
    const what = `The structured result of "${tool}" does not fit its schema at "${first.pointer}": ${first.message}.`;
    if (settings.validateOutput === "strict") throw new GatewayError("server_bad_message", what);
    events.emit({ type: "trouble", what, cause: undefined });
  }

  #placeOf({ visit, tool, accept }: Asked): ProblemPlace {
    const { requestId, server, publicPrefix } = visit;
    return { requestId, server, publicPrefix, tool, accept, exposeStderr: this.#context.settings.exposeStderr };
  }

  #send(client: McpClient, { visit, tool, given, preferences }: Asked, stream: CallStream | undefined): Call {
    const { settings } = this.#context;
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
    const ownMs = this.#context.callsOf(visit.server).timeoutMs ?? settings.timeoutMs;
    const timeoutMs = Math.min(preferences.timeoutMs ?? ownMs, settings.maxTimeoutMs);
    const options = { requestId: visit.requestId, timeoutMs, onNotification };
    return client.call(methods.callTool, params, `{"name":${name},"arguments":${given.text}${meta}}`, options);
  }

  #answerFor(frame: ResponseFrame, { visit, tool, form, accept, preferences }: Asked): RestAnswer {
    if (frame.failed) throw rpcFailure(frame, visit.server, tool);
    try {
      return this.#answerWith(resultText(frame.line), { visit, tool, form, accept, preferences });
    } catch (cause) {
      // A long result is not parsed when it arrives: only who looks into it finds that it is no JSON.
      if (!(cause instanceof SyntaxError)) throw cause;
      throw new GatewayError("server_bad_message", `The result of "${tool}" is not valid JSON.`, { cause });
    }
  }

  #answerWith(whole: Line, { tool, form, accept, preferences }: Omit<Asked, "sessionId" | "given">): RestAnswer {
    const { settings } = this.#context;
    const isToolError = saysToolError(whole);
    const asHttp = preferences.toolErrorsAsHttp ?? settings.toolErrorsAsHttp;
    if (isToolError && asHttp) {
      const data = { result: JSON.parse(whole.toString()) as unknown };
      throw new GatewayError("tool_failed", `The tool "${tool}" reports an error; result says which.`, { data });
    }
    const isText = form === "raw" || form === "text";
    const { result, isCut } = cutResult(whole, isText ? settings.maxResponseChars : 0);
    const answer = resultAnswer(result, form, accept);
    if (!isToolError && !isCut) return answer;
    const headers = { ...(isToolError && { "X-MCP-Tool-Error": "true" }), ...(isCut && { "X-MCP-Truncated": "true" }) };
    return { ...answer, headers: { ...answer.headers, ...headers } };
  }

  #existing({ principal, server }: Visit, sessionId: string): McpClient | undefined {
    const session = this.#context.sessions.look(principal, server, sessionId, "rest");
    return session === undefined ? undefined : this.#clients.get(session);
  }

  /** Looked for again: another call with the same id may have opened it while this one looked for its tool. */
  #existingOrNew(visit: Visit, sessionId: string | undefined): McpClient {
    const existing = sessionId === undefined ? undefined : this.#existing(visit, sessionId);
    if (existing !== undefined) return existing;
    const { principal, server, requestId } = visit;
    const id = sessionId === undefined ? {} : { id: sessionId };
    const { sessions, clientVersion } = this.#context;
    const client = new McpClient(sessions, { principal, server, transport: "rest", requestId, ...id }, clientVersion);
    this.#clients.set(client.session, client);
    return client;
  }

  async #findTool({ visit, tool: name }: Asked, client: McpClient | undefined): Promise<ListedTool> {
    if (client?.takeToolsChanged() === true) this.#ownTools.set(client, await listTools(client, visit.requestId));
    const own = client === undefined ? undefined : this.#ownTools.get(client);
    const tool = own?.get(name) ?? (await this.#context.catalog.find(visit.server, name));
    if (tool === undefined) throw new GatewayError("tool_not_found", `The server "${visit.server}" has no such tool.`);
    const { execution } = tool.listed;
    if (
      typeof execution === "object" &&
      execution !== null &&
      "taskSupport" in execution &&
      execution.taskSupport === "required"
    ) {
      throw new GatewayError("task_required", `The tool "${name}" runs only as a task, which REST cannot do.`);
    }
    return tool;
  }

  async #checked(tool: ListedTool, given: CallArguments): Promise<CallArguments> {
    const { settings, validator, events } = this.#context;
    const { inputSchema } = tool.listed;
    const own = withoutStraySessionId(given, inputSchema);
    if (settings.validateInput === "off") return own;
    const errors = await validator.check(tool, "inputSchema", own);
    if (errors.length === 0) return own;
    if (settings.validateInput === "warn") {
      events.emit({
        type: "trouble",
        what: `arguments for "${tool.name.slice(0, 80)}" do not fit its schema`,
        cause: errors[0]?.message,
      });
      return own;
    }
    const [first] = errors;
    const where = first === undefined || first.pointer === "" ? "" : ` at ${first.pointer}`;
    const message = `The arguments do not fit the tool's schema${where}: ${first?.message ?? "not valid"}.`;
    throw new GatewayError("invalid_arguments", message, { data: { errors } });
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}
