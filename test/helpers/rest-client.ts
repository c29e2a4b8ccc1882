import { randomUUID } from "node:crypto";
import { request, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { send, type Exchange, type Headers } from "./streamable-client.ts";

// REST as bytes: nothing is normalised, followed, decoded or repaired.

const DEADLINE_MS = 20_000;

export interface RestAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body if it is a JSON object; otherwise empty. */
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string | Uint8Array;
  /** Closes the connection when it is aborted. */
  readonly signal?: AbortSignal;
}

export interface CallOptions {
  /** By default a new one. */
  readonly sessionId?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Headers;
  readonly signal?: AbortSignal;
}

/** A caller of one gateway, with the headers that it sends every time. */
export class RestClient {
  readonly url: string;
  readonly #headers: Headers;

  constructor(url: string, headers: Headers = {}) {
    this.url = url;
    this.#headers = headers;
  }

  /** One request and its whole response. The path is sent unchanged: `/%2e%2e/x` stays as it is. */
  ask(path: string, { method = "GET", headers = {}, body, signal }: Question = {}): Promise<RestAnswer> {
    const { hostname, port } = new URL(this.url);
    const signals = [AbortSignal.timeout(DEADLINE_MS), ...(signal === undefined ? [] : [signal])];
    return new Promise((resolve, reject) => {
      const outgoing = request({
        hostname,
        port,
        path,
        method,
        headers: sent({ ...this.#headers, ...headers }),
        agent: false,
        signal: AbortSignal.any(signals),
      });
      outgoing.once("error", reject);
      outgoing.once("response", (response) => void whole(response).then(resolve, reject));
      outgoing.end(body);
    });
  }

  /** A POST of JSON: a value, or a text that is sent unchanged. */
  post(path: string, body: unknown, headers: Headers = {}, signal?: AbortSignal): Promise<RestAnswer> {
    const question = {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: textOf(body),
    };
    return this.ask(path, signal === undefined ? question : { ...question, signal });
  }

  /** Calls a tool, `<server>/<tool>`. */
  call(tool: string, args: unknown = {}, options: CallOptions = {}): Promise<RestAnswer> {
    return this.post(pathOf(tool, options), args, options.headers, options.signal);
  }

  /** Calls a tool with an event stream as the response; resolves with the response headers. */
  stream(tool: string, args: unknown = {}, options: CallOptions = {}): Promise<Exchange> {
    const types = { "Content-Type": "application/json", Accept: "text/event-stream" };
    const headers = { ...types, ...this.#headers, ...options.headers };
    return send(`${this.url}${pathOf(tool, options)}`, { method: "POST", headers, body: textOf(args) });
  }
}

export const newId = (): string => `session-${randomUUID()}`;

/** The minimum content of a response with a problem body (RFC 9457). */
export function problem(status: number, code: string, members: object = {}): object {
  return { status, json: { status, code, type: `/problems/${code}`, ...members } };
}

/** The text of the only part of a result. */
export function textIn({ status, text, json }: RestAnswer): string {
  const { content } = json as { content?: { text: string }[] };
  if (status !== 200 || content?.length !== 1) throw new Error(`no text but ${status} ${text.slice(0, 1_000)}`);
  return content[0]?.text ?? "";
}

function pathOf(tool: string, { sessionId = newId(), query = {} }: CallOptions): string {
  return `/api/${tool}?${new URLSearchParams({ sessionId, ...query }).toString()}`;
}

const textOf = (body: unknown): string => (typeof body === "string" ? body : JSON.stringify(body));

/** A header that is `undefined` is not sent. */
function sent(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

async function whole(response: IncomingMessage): Promise<RestAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const { statusCode = 0, headers } = response;
  const text = bytes.toString("utf8");
  return { status: statusCode, headers, bytes, text, json: parsed(text) };
}

function parsed(text: string): RestAnswer["json"] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as RestAnswer["json"]) : {};
  } catch {
    return {}; // what it is instead, `text` says
  }
}
