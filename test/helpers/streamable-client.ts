import { Agent, request, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { until } from "./until.ts";

// Streamable HTTP as bytes on a socket: unlike in a client library, nothing is hidden, retried or repaired.

export type Id = string | number;

export interface JsonRpc {
  readonly jsonrpc: "2.0";
  readonly id?: Id | null;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Record<string, unknown> };
}

/** The text between two blank lines of an event stream: an event, a comment, or a bare `retry`. */
export interface StreamItem {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly retry?: string;
  readonly comment?: string;
}

/** A header that is `undefined` is not sent. */
export type Headers = Readonly<Record<string, string | undefined>>;

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string | Uint8Array;
  /** False: nothing of the response body is read until `read()`. */
  readonly reads?: boolean;
  readonly agent?: Agent;
}

/** Sends one HTTP request; resolves with the response headers. */
export function send(url: string, { method = "POST", headers = {}, body, reads = true, agent }: SendOptions) {
  return new Promise<Exchange>((resolve, reject) => {
    const outgoing = request(url, { method, headers: plain(headers), agent: agent ?? false });
    outgoing.once("response", (response) => {
      const exchange = new Exchange(response);
      if (reads) exchange.read();
      resolve(exchange);
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

/** Names are case-insensitive and the last one counts; a header without a value is omitted. */
function plain(headers: Headers): Record<string, string> {
  const byName = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries([...byName].flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** The response to one HTTP request, while it is received. */
export class Exchange {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The items of the event stream so far. */
  readonly items: StreamItem[] = [];
  text = "";
  /** The body is complete. */
  isComplete = false;
  /** Nothing more will come: complete, or cut. */
  isOver = false;
  bytes = 0;
  readonly #response: IncomingMessage;
  #rest = "";

  constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    response.setEncoding("utf8");
    response.once("end", () => (this.isComplete = response.complete));
    response.once("close", () => (this.isOver = true));
    response.on("error", () => (this.isOver = true));
  }

  read(): void {
    this.#response.on("data", (chunk: string) => {
      this.bytes += Buffer.byteLength(chunk);
      if (this.isStream) this.#parse(chunk);
      else this.text += chunk;
    });
  }

  get isStream(): boolean {
    return this.headers["content-type"] === "text/event-stream";
  }

  get isJson(): boolean {
    return this.headers["content-type"]?.startsWith("application/json") === true;
  }

  get json(): unknown {
    return JSON.parse(this.text);
  }

  /** The JSON-RPC messages so far, from events or from the body. */
  get messages(): JsonRpc[] {
    if (this.isStream) return this.events.map(({ data = "" }) => JSON.parse(data) as JsonRpc);
    if (!this.isJson || !this.isComplete) return [];
    return [this.json].flat() as JsonRpc[];
  }

  /** The events that carry a message. */
  get events(): StreamItem[] {
    return this.items.filter(({ data }) => data !== undefined && data !== "");
  }

  get ids(): string[] {
    return this.items.flatMap(({ id }) => id ?? []);
  }

  get comments(): string[] {
    return this.items.flatMap(({ comment }) => comment ?? []);
  }

  /** The first message for which `is` returns true. */
  message(is: (message: JsonRpc) => boolean, what: string): Promise<JsonRpc> {
    return until(() => this.messages.find(is), { what });
  }

  answer(id: Id): Promise<JsonRpc> {
    const what = `request ${JSON.stringify(id)} is answered`;
    return until(() => this.messages.find((one) => one.id === id && one.method === undefined), { what });
  }

  /** Waits for the end of the response, for whatever reason. */
  async over(what = "the answer is over"): Promise<this> {
    await until(() => this.isOver, { what });
    return this;
  }

  /** Breaks the connection. */
  cut(): void {
    this.#response.destroy();
  }

  #parse(chunk: string): void {
    const blocks = (this.#rest + chunk).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    for (const block of blocks) this.items.push(itemOf(block));
  }
}

function itemOf(block: string): StreamItem {
  const fields = block.split("\n").map((line) => {
    const [, name = "", value = ""] = /^([^:]*): ?(.*)$/s.exec(line) ?? [undefined, line];
    return [name === "" ? "comment" : name, value];
  });
  return Object.fromEntries(fields) as StreamItem;
}

export interface PostOptions {
  readonly headers?: Headers;
  readonly reads?: boolean;
}

const JSON_AND_EVENTS = "application/json, text/event-stream";

/** One client with, after `initialize`, one session. */
export class StreamableClient implements AsyncDisposable {
  readonly url: string;
  sessionId: string | undefined;
  protocolVersion: string | undefined;
  readonly #headers: Headers;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #exchanges: Exchange[] = [];
  #lastId = 0;

  constructor(url: string, headers: Headers = {}) {
    this.url = url;
    this.#headers = headers;
  }

  /** A client whose session is open. */
  static async open(url: string, options: OpenOptions = {}): Promise<StreamableClient> {
    const client = new StreamableClient(url, options.headers);
    await client.initialize(options);
    return client;
  }

  async initialize({ version = "2025-11-25", capabilities = {} }: OpenOptions = {}): Promise<JsonRpc> {
    const clientInfo = { name: "raw", version: "1" };
    const id = this.nextId();
    const params = { protocolVersion: version, capabilities, clientInfo };
    const exchange = await this.post({ jsonrpc: "2.0", id, method: "initialize", params });
    const answer = await exchange.answer(id);
    const sessionId = exchange.headers["mcp-session-id"];
    if (typeof sessionId !== "string" || answer.error !== undefined)
      throw new Error(`initialize was answered ${exchange.status} ${JSON.stringify(answer)}`);
    this.sessionId = sessionId;
    this.protocolVersion = version;
    await this.notify("notifications/initialized");
    return answer;
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /** Posts a message, several (a batch), or any text. */
  post(message: unknown, { headers = {}, reads = true }: PostOptions = {}): Promise<Exchange> {
    const body = typeof message === "string" ? message : JSON.stringify(message);
    return this.#send("POST", { "Content-Type": "application/json", Accept: JSON_AND_EVENTS, ...headers }, body, reads);
  }

  async notify(method: string, params?: object): Promise<void> {
    const { status, text } = await (await this.post({ jsonrpc: "2.0", method, params })).over();
    if (status !== 202 || text !== "") throw new Error(`${method} was answered ${status} ${text}`);
  }

  /** Answers a request of the server. */
  async respond(id: Id | null | undefined, result: object): Promise<void> {
    const { status, text } = await (await this.post({ jsonrpc: "2.0", id, result })).over();
    if (status !== 202) throw new Error(`a response was answered ${status} ${text}`);
  }

  /** Posts a request without waiting for its response. */
  request(method: string, params?: object, options: PostOptions & { readonly id?: Id } = {}): Promise<Exchange> {
    return this.post({ jsonrpc: "2.0", id: options.id ?? this.nextId(), method, params }, options);
  }

  /** Posts a tool call without waiting for its response. */
  start(tool: string, args: object = {}, options: PostOptions & CallOptions = {}): Promise<Exchange> {
    const { progressToken, ...rest } = options;
    const meta = progressToken === undefined ? {} : { _meta: { progressToken } };
    return this.request("tools/call", { name: tool, arguments: args, ...meta }, rest);
  }

  /** Calls a tool; resolves with the text of its result. */
  async call(tool: string, args: object = {}, options: PostOptions = {}): Promise<string> {
    const id = this.nextId();
    const exchange = await this.start(tool, args, { ...options, id });
    return textOf(await exchange.answer(id));
  }

  /** Opens the stream for messages that belong to no request. */
  get(headers: Headers = {}, { reads = true }: { readonly reads?: boolean } = {}): Promise<Exchange> {
    return this.#send("GET", { Accept: "text/event-stream", ...headers }, undefined, reads);
  }

  delete(headers: Headers = {}): Promise<Exchange> {
    return this.#send("DELETE", headers, undefined, true);
  }

  /** Closes every connection without ending the session, as most clients do. */
  leave(): void {
    for (const exchange of this.#exchanges) exchange.cut();
    this.#agent.destroy();
  }

  /** Ends the session and every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.sessionId !== undefined)
      await this.delete({ "Mcp-Protocol-Version": undefined }).catch(() => "gone already");
    this.leave();
  }

  async #send(method: string, headers: Headers, body: string | undefined, reads: boolean): Promise<Exchange> {
    const own = { "Mcp-Session-Id": this.sessionId, "Mcp-Protocol-Version": this.protocolVersion };
    const all = { ...this.#headers, ...own, ...headers };
    const options = { method, headers: all, reads, agent: this.#agent };
    const exchange = await send(this.url, body === undefined ? options : { ...options, body });
    this.#exchanges.push(exchange);
    return exchange;
  }
}

export interface OpenOptions {
  readonly version?: string;
  readonly capabilities?: object;
  readonly headers?: Headers;
}

export interface CallOptions {
  readonly id?: Id;
  readonly progressToken?: Id;
}

/** The text of a tool's result; any other response as JSON. */
export function textOf(answer: JsonRpc): string {
  const content = answer.result?.["content"];
  const first: unknown = Array.isArray(content) ? content[0] : undefined;
  const text = typeof first === "object" && first !== null && "text" in first ? first.text : undefined;
  return typeof text === "string" ? text : JSON.stringify(answer);
}
