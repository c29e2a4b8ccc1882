import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { until } from "./until.ts";

// HTTP without additions: Node's `request` adds Host and Connection, a raw socket nothing.

const DEADLINE_MS = 15_000;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Sends the body in chunks, without a Content-Length. */
  readonly chunked?: boolean;
  /** Closes the connection after the response headers: the body may be an endless stream. */
  readonly headOnly?: boolean;
}

/** One request and its whole response. The path is sent unchanged: `/%2e%2e/x` stays as it is. */
export function ask(
  url: string | URL,
  { method = "GET", headers = {}, body, chunked = false, headOnly = false }: Question = {},
): Promise<Answer> {
  const [, port, path = "/"] = /^http:\/\/127\.0\.0\.1:(\d+)(\/.*)?$/s.exec(String(url)) ?? [];
  const length: Record<string, string> | undefined =
    body === undefined
      ? undefined
      : // Unless it is told to, node announces the length of a body that it is given at once.
        chunked
        ? { "transfer-encoding": "chunked" }
        : { "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: "127.0.0.1",
      port,
      path,
      method,
      headers: { ...length, ...headers },
      agent: false,
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    outgoing.once("error", reject);
    outgoing.once("response", (response) => resolve(headOnly ? hangUp(response) : wholeAnswer(response)));
    outgoing.end(body);
  });
}

function hangUp(response: IncomingMessage): Answer {
  response.destroy();
  return { status: response.statusCode ?? 0, headers: response.headers, body: "" };
}

async function wholeAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const { statusCode = 0, headers } = response;
  return { status: statusCode, headers, body: Buffer.concat(chunks).toString("utf8") };
}

/** A POST of JSON: a value, or a text that is sent unchanged. */
export function post(url: string | URL, message: unknown, headers: Question["headers"] = {}): Promise<Answer> {
  const body = typeof message === "string" || Buffer.isBuffer(message) ? message : JSON.stringify(message);
  return ask(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
}

/** The JSON-RPC error in a body: its code, and `data.reason`. */
export function refusal({ status, body }: Answer): { status: number; code: unknown; reason: unknown; id: unknown } {
  const { id, error } = JSON.parse(body) as { id: unknown; error: { code: unknown; data?: { reason?: unknown } } };
  return { status, code: error.code, reason: error.data?.reason, id };
}

/** Sends exactly these bytes and returns what is received until the other side closes, or until `enough` of it is there. */
export async function sendRaw(
  port: number,
  bytes: string | Buffer,
  enough: (received: string) => boolean = () => false,
): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  let isClosed = false;
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => (received += text));
  socket.once("close", () => (isClosed = true));
  // A peer may close the connection while we are still writing.
  socket.on("error", () => (isClosed = true));
  socket.write(bytes);
  try {
    await until(() => isClosed || enough(received), {
      deadlineMs: DEADLINE_MS,
      what: "the gateway answers or hangs up",
    });
  } finally {
    socket.destroy();
  }
  return received;
}
