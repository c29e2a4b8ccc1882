import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { describe, expect, test } from "vitest";
import { startGateway } from "../helpers/gateway.ts";
import { everythingAt } from "../helpers/remote-server.ts";
import { RestClient } from "../helpers/rest-client.ts";
import { connectSdk, textIn } from "../helpers/sdk-client.ts";

describe("server-everything elsewhere, over Streamable HTTP,", () => {
  test("is listed and called through Streamable HTTP and REST", async () => {
    await using remote = await everythingAt("streamableHttp");
    await using gateway = await startGateway({ servers: { far: { url: `${remote.url}/mcp` } } });
    const rest = new RestClient(gateway.url);
    {
      await using client = await connectSdk(new StreamableHTTPClientTransport(new URL(`${gateway.url}/far/mcp`)));
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toContain("echo");
      expect(textIn(await client.callTool({ name: "echo", arguments: { message: "over there" } }))).toContain(
        "over there",
      );
    }
    const answer = await rest.call("far/echo", { message: "by REST" });
    expect(answer.text).toContain("by REST");
    console.log(gateway.log());
  });
});
