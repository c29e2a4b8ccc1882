import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { type Answer, post } from "./http.ts";
import { until } from "./until.ts";

// An HTTP+SSE client (MCP 2024-11-05) that hides nothing: every byte, event, comment and status is visible.

/** A JSON-RPC message as a test reads it. */
export interface Message {
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Record<string, unknown> };
}

interface SseEvent {
  readonly event: string;
  readonly data: string;
  readonly id?: string;
}

export type Headers = Readonly<Record<string, string>>;

export interface SseClient extends AsyncDisposable {
  readonly headers: IncomingHttpHeaders;
  /** The data of the `endpoint` event. */
  readonly endpoint: string;
  readonly sessionId: string;
  readonly postUrl: URL;
  /** Everything received so far. */
  wire(): string;
  events(): readonly SseEvent[];
  comments(): readonly string[];
  /** The messages so far, parsed. */
  messages(): readonly Message[];
  /** POSTs a message (or a text unchanged) to the endpoint. */
  send(message: unknown, headers?: Headers): Promise<Answer>;
  /** POSTs a request, expects 202, and resolves with the response that has its id. */
  request(method: string, params?: object, id?: string | number): Promise<Message>;
  /** Calls a tool; resolves with the text of its result. */
  call(tool: string, args?: object): Promise<string>;
  notify(method: string, params?: object): Promise<void>;
  /** The handshake: `initialize`, then `notifications/initialized`. Resolves with the result of `initialize`. */
  initialize(params?: object): Promise<Message>;
  /** The response with this id, once it is there. */
  response(id: string | number, deadlineMs?: number): Promise<Message>;
  message(isWanted: (message: Message) => boolean, what: string): Promise<Message>;
  /** How the stream ended: "cleanly", or "cut" in the middle of its chunks; undefined while it is open. */
  ended(): "cleanly" | "cut" | undefined;
  untilEnded(deadlineMs?: number): Promise<"cleanly" | "cut">;
  /** Stops reading from the socket. */
  pause(): void;
  resume(): void;
  close(): void;
}

export const CLIENT = {
  protocolVersion: "2025-11-25",
  capabilities: { roots: { listChanged: true }, sampling: {}, elicitation: {} },
  clientInfo: { name: "e2e", version: "1.0.0" },
};

/** Opens the stream and waits for the `endpoint` event. A refusal rejects with the response as its cause. */
export async function openSse(url: string, headers: Headers = {}): Promise<SseClient> {
  const { response, closeRequest } = await get(url, { accept: "text/event-stream", ...headers });
  if (response.statusCode !== 200) {
    closeRequest();
    throw new Error(`GET ${url} was answered with ${response.statusCode}`);
  }
  const stream = new StreamReader(response);
  const first = await until(() => stream.events[0], { what: "the first event comes" });
  if (first.event !== "endpoint") throw new Error(`the first event is no endpoint: ${JSON.stringify(first)}`);
  return client({ url, stream, response, endpoint: first.data, headers, closeRequest });
}

/** Opens the stream and does the handshake. */
export async function openSession(url: string, headers: Headers = {}): Promise<SseClient> {
  const opened = await openSse(url, headers);
  await opened.initialize();
  return opened;
}

export const textOf = ({ result, error }: Message): string => {
  const [content] = (result?.["content"] ?? []) as { text: string }[];
  if (content === undefined) throw new Error(`no text in ${JSON.stringify({ result, error })}`);
  return content.text;
};

interface Opened {
  readonly url: string;
  readonly stream: StreamReader;
  readonly response: IncomingMessage;
  readonly endpoint: string;
  readonly headers: Headers;
  readonly closeRequest: () => void;
}

function client({ url, stream, response, endpoint, headers, closeRequest }: Opened): SseClient {
  const postUrl = new URL(endpoint, url);
  let lastId = 0;
  const self: SseClient = {
    headers: response.headers,
    endpoint,
    sessionId: postUrl.searchParams.get("sessionId") ?? "",
    postUrl,
    wire: () => stream.wire,
    events: () => stream.events,
    comments: () => stream.comments,
    messages: () => stream.messages,
    send: (message, more = {}) => post(postUrl, message, { ...authorization(headers), ...more }),
    async request(method, params, id = ++lastId) {
      const before = stream.messages.length;
      await accepted(self.send({ jsonrpc: "2.0", id, method, ...(params && { params }) }));
      return awaitResponse(stream, id, { from: before });
    },
    call: async (name, args = {}) => textOf(await self.request("tools/call", { name, arguments: args })),
    notify: (method, params) => accepted(self.send({ jsonrpc: "2.0", method, ...(params && { params }) })),
    async initialize(params = CLIENT) {
      const answer = await self.request("initialize", params);
      if (answer.error !== undefined) throw new Error("initialize was refused", { cause: answer.error });
      await self.notify("notifications/initialized");
      return answer;
    },
    response: (id, deadlineMs) => awaitResponse(stream, id, { deadlineMs }),
    message: (isWanted, what) => until(() => stream.messages.find(isWanted), { deadlineMs: 10_000, what }),
    ended: () => stream.ended,
    untilEnded: (deadlineMs = 10_000) => until(() => stream.ended, { deadlineMs, what: "the stream ends" }),
    pause: () => void response.socket.pause(),
    resume: () => void response.socket.resume(),
    close: closeRequest,
    [Symbol.asyncDispose]: () => Promise.resolve(closeRequest()),
  };
  return self;
}

/** `from`: ignores earlier responses, because an id may be reused. */
function awaitResponse(
  { messages }: StreamReader,
  id: string | number,
  { from = 0, deadlineMs = 10_000 }: { readonly from?: number; readonly deadlineMs?: number | undefined },
): Promise<Message> {
  const isWanted = (one: Message): boolean => one.id === id && one.method === undefined;
  return until(() => messages.slice(from).find(isWanted), {
    deadlineMs,
    what: `a response to ${JSON.stringify(id)} comes`,
  });
}

function authorization({ authorization: given, origin }: Headers): Headers {
  return { ...(given !== undefined && { authorization: given }), ...(origin !== undefined && { origin }) };
}

async function accepted(answer: Promise<Answer>): Promise<void> {
  const { status, body } = await answer;
  if (status !== 202) throw new Error(`POST was answered with ${status}: ${body}`);
}

function get(url: string, headers: Headers): Promise<{ response: IncomingMessage; closeRequest: () => void }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers, agent: false });
    outgoing.once("response", (response) => {
      outgoing.off("error", reject).on("error", () => undefined);
      resolve({ response, closeRequest: () => void outgoing.destroy() });
    });
    outgoing.once("error", reject);
    outgoing.end();
  });
}

/** Parses as WHATWG HTML §9.2.6 does, for UTF-8 text whose line ends are LF. */
class StreamReader {
  wire = "";
  readonly events: SseEvent[] = [];
  readonly comments: string[] = [];
  readonly messages: Message[] = [];
  ended: "cleanly" | "cut" | undefined;
  #pieces: string[] = [];

  constructor(response: IncomingMessage) {
    response.setEncoding("utf8");
    response.on("data", (text: string) => this.#read(text));
    response.once("end", () => (this.ended ??= "cleanly"));
    response.once("error", () => (this.ended ??= "cut"));
    response.once("close", () => (this.ended ??= "cut"));
  }

  #read(text: string): void {
    this.wire += text;
    this.#pieces.push(text);
    // Most chunks of a long event contain no line end: avoids joining all chunks for each of them.
    if (!text.includes("\n")) return;
    const blocks = this.#pieces.join("").split("\n\n");
    this.#pieces = [blocks.pop() ?? ""];
    for (const block of blocks) this.#block(block);
  }

  #block(block: string): void {
    const fields = new Map<string, string[]>();
    for (const line of block.split(/\r\n|\n|\r/)) {
      const [, name = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (name === "") this.comments.push(value);
      else fields.set(name, [...(fields.get(name) ?? []), value]);
    }
    const data = fields.get("data")?.join("\n");
    if (data === undefined) return;
    const id = fields.get("id")?.at(-1);
    const event = fields.get("event")?.at(-1) ?? "message";
    this.events.push({ event, data, ...(id !== undefined && { id }) });
    if (event === "message") this.messages.push(JSON.parse(data) as Message);
  }
}
