import type { Answer } from "./answer.ts";
import { BOTH, call, CUT, INITIALIZED, initialize, replyIn, replyOf, type Reply } from "./rpc.ts";
import type { Headers, Visitor } from "./visitor.ts";
import type { Wire } from "./wire.ts";

/** An MCP session, over either transport. */
export interface Conversation {
  readonly visitor: Visitor;
  readonly server: string;
  /** `ok`, or why it could not be opened. */
  open(): Promise<string>;
  ask(id: number | string, tool: string, args: object): Promise<Reply>;
  /** Posts without waiting for a reply; resolves with the status. */
  tell(body: string): Promise<number>;
}

/** Streamable HTTP. */
export class Streamable implements Conversation {
  readonly visitor: Visitor;
  readonly server: string;
  readonly version: string;
  readonly wire: Wire;
  sessionId = "";

  constructor(visitor: Visitor, server: string, version = "2025-11-25") {
    this.visitor = visitor;
    this.server = server;
    this.version = version;
    this.wire = visitor.connect();
  }

  async open(accept = BOTH): Promise<string> {
    this.wire.write(this.opening(accept));
    const answer = await this.wire.next(`initialize of ${this.server} on Streamable HTTP`);
    const { end } = replyOf(answer, 1);
    if (end !== "answer") return end;
    this.sessionId = answer.header("mcp-session-id") ?? "";
    await this.tell(INITIALIZED);
    return "ok";
  }

  opening(accept = BOTH, requestId = this.visitor.requestId()): string {
    const headers = { Accept: accept, "X-Request-Id": requestId };
    return this.visitor.request("POST", `/${this.server}/mcp`, headers, initialize(1, this.version));
  }

  post(body: string, accept = BOTH, more: Headers = {}): string {
    return this.visitor.request("POST", `/${this.server}/mcp`, { ...this.headers(accept), ...more }, body);
  }

  get(lastEventId?: string): string {
    const headers = { ...this.headers("text/event-stream"), "Last-Event-ID": lastEventId };
    return this.visitor.request("GET", `/${this.server}/mcp`, headers);
  }

  delete(): string {
    return this.visitor.request("DELETE", `/${this.server}/mcp`, this.headers(BOTH));
  }

  headers(accept: string): Headers {
    return { Accept: accept, "Mcp-Session-Id": this.sessionId, "Mcp-Protocol-Version": this.version };
  }

  async ask(id: number | string, tool: string, args: object, accept = BOTH): Promise<Reply> {
    this.wire.write(this.post(call(id, tool, args), accept));
    return replyOf(await this.wire.next(`call of ${this.server} ${tool} on Streamable HTTP`), id);
  }

  async tell(body: string): Promise<number> {
    this.wire.write(this.post(body));
    return (await this.wire.next(`a message to ${this.server} on Streamable HTTP`)).status;
  }

  /** Ends the session (DELETE). */
  async close(): Promise<number> {
    this.wire.write(this.delete());
    return (await this.wire.next("DELETE of a session")).status;
  }
}

/** HTTP+SSE. */
export class Sse implements Conversation {
  readonly visitor: Visitor;
  readonly server: string;
  readonly stream: Wire;
  readonly posts: Wire;
  events: Answer | undefined;
  endpoint = "";

  constructor(visitor: Visitor, server: string) {
    this.visitor = visitor;
    this.server = server;
    this.stream = visitor.connect();
    this.posts = visitor.connect();
  }

  async open(): Promise<string> {
    const refusal = await this.listen();
    if (refusal !== "ok") return refusal;
    const { end } = await this.post(initialize(1), 1, `initialize of ${this.server} on HTTP+SSE`);
    if (end !== "answer") return end;
    await this.tell(INITIALIZED);
    return "ok";
  }

  async listen(): Promise<string> {
    this.stream.write(this.opening());
    const events = await this.stream.head(`GET of the stream of ${this.server}`);
    this.events = events;
    await this.stream.until(() => events.isOver || events.events.length > 0, "the endpoint event");
    if (events.status !== 200) return replyOf(events, 0).end;
    this.endpoint = events.events[0]?.data ?? "";
    return this.endpoint === "" ? "cut" : "ok";
  }

  opening(): string {
    const headers = { Accept: "text/event-stream", "X-Request-Id": this.visitor.requestIdOfOurs() };
    return this.visitor.request("GET", `/${this.server}/sse`, headers);
  }

  ask(id: number | string, tool: string, args: object): Promise<Reply> {
    return this.post(call(id, tool, args), id, `call of ${this.server} ${tool} on HTTP+SSE`);
  }

  async post(body: string, id: number | string, what: string): Promise<Reply> {
    this.posts.write(this.visitor.request("POST", this.endpoint, {}, body));
    const posted = await this.posts.next(what);
    if (posted.status !== 202) return replyOf(posted, id);
    return this.answered(id, what);
  }

  async answered(id: number | string, what: string): Promise<Reply> {
    const { events } = this;
    if (events === undefined) return CUT;
    // Each message is examined once, however long the stream is.
    let seen = 0;
    let found: Reply | undefined;
    await this.stream.until(() => {
      for (; seen < events.events.length && found === undefined; seen++)
        found = answerIn(events.events[seen]?.data, id);
      return found !== undefined || events.isOver;
    }, what);
    return found ?? CUT;
  }

  async tell(body: string): Promise<number> {
    this.posts.write(this.visitor.request("POST", this.endpoint, {}, body));
    return (await this.posts.next(`a message to ${this.server} on HTTP+SSE`)).status;
  }
}

function answerIn(data: string | undefined, id: number | string): Reply | undefined {
  if (data === undefined || !data.startsWith("{") || !data.includes(`"id":${JSON.stringify(id)}`)) return undefined;
  const message = JSON.parse(data) as { readonly id?: unknown; readonly method?: string };
  return message.id === id && message.method === undefined ? replyIn(message) : undefined;
}
