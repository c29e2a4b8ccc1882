import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** One request, with its JSON-RPC message if it has one. */
export interface FarRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly message: {
    readonly id?: number | string;
    readonly method?: string;
    readonly params?: Record<string, unknown>;
  };
}

/** Answers a request itself and returns true, or leaves it to the well-behaved server. */
export type Behaviour = (request: FarRequest, response: ServerResponse, incoming: IncomingMessage) => boolean | void;

export interface FarServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** Everything that arrived. */
  readonly requests: FarRequest[];
  behave: Behaviour;
}

/** A small MCP server over Streamable HTTP inside the test, to misbehave at will. */
export async function farServer(behave: Behaviour = () => false): Promise<FarServer> {
  const requests: FarRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const request: FarRequest = {
        method: incoming.method ?? "",
        path: incoming.url ?? "",
        headers: incoming.headers,
        message: parsed(text),
      };
      requests.push(request);
      if (far.behave(request, response, incoming) !== true) answer(request, response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const far: FarServer = {
    url: `http://127.0.0.1:${port}/mcp`,
    port,
    server,
    requests,
    behave,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return far;
}

export function json(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(text);
}

/** The result of a request as a JSON-RPC response. */
export const result = ({ message: { id } }: FarRequest, value: object): object => ({
  jsonrpc: "2.0",
  id,
  result: value,
});

const TOOLS = [
  { name: "echo", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } },
  { name: "write", inputSchema: { type: "object" } },
];

function answer(request: FarRequest, response: ServerResponse): void {
  const { method, message, headers } = request;
  if (method === "GET") return void response.writeHead(405).end();
  if (method === "DELETE") return void response.writeHead(200).end();
  switch (message.method) {
    case "initialize":
      return json(
        response,
        result(request, {
          protocolVersion: "2025-11-25",
          capabilities: { tools: {} },
          serverInfo: { name: "far", version: "1" },
        }),
        200,
        { "Mcp-Session-Id": "far-session-1" },
      );
    case "tools/list":
      return json(response, result(request, { tools: TOOLS }));
    case "tools/call":
      return json(
        response,
        result(request, { content: [{ type: "text", text: JSON.stringify({ message, headers }) }] }),
      );
    case "ping":
      return json(response, result(request, {}));
    default:
      return void response.writeHead(202).end();
  }
}

function parsed(text: string): FarRequest["message"] {
  try {
    return JSON.parse(text) as FarRequest["message"];
  } catch {
    return {}; // a GET or a DELETE has no body
  }
}
