// What a restart of the server itself is to a client: the SDK's own server, without sessions on Streamable HTTP, so that none can
// be lost, and with HTTP+SSE. `node ideal-mcp-server.mjs [port]`
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

const streams = new Map();

function server() {
  const mcp = new McpServer({ name: "ideal-mcp-server", version: "1.0.0" });
  mcp.registerTool("ping", { description: "Says pong" }, () => ({ content: [{ type: "text", text: "pong" }] }));
  return mcp;
}

async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  if (pathname === "/mcp" && request.method === "POST") {
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    await server().connect(transport);
    return transport.handleRequest(request, response);
  }
  if (pathname === "/sse" && request.method === "GET") {
    const transport = new SSEServerTransport("/sse", response);
    streams.set(transport.sessionId, transport);
    return server().connect(transport);
  }
  const stream = streams.get(searchParams.get("sessionId"));
  if (stream !== undefined) return stream.handlePostMessage(request, response);
  response.writeHead(pathname === "/mcp" || pathname === "/sse" ? 405 : 404).end();
}

const http = createServer((request, response) => {
  answer(request, response).catch((error) => response.destroy(error));
});
http.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () =>
  process.stderr.write(`listening on 127.0.0.1:${http.address().port}\n`),
);
