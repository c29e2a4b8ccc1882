import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { newId, RestClient, textIn as restTextIn } from "../helpers/rest-client.ts";
import { programAt, startCaddy, startNginx, type ReverseProxy } from "../helpers/reverse-proxy.ts";
import { connectSdk, sseTransport, textIn } from "../helpers/sdk-client.ts";

// The examples in deploy/, run by the real proxies, with the gateway below a path.

const PREFIX = "/gateway";

describe.each([
  ["nginx", startNginx],
  ["caddy", startCaddy],
] as const)("through %s, where it is installed (apt-get install it), as deploy/ configures it,", (name, start) => {
  describe.skipIf(programAt(name) === undefined)(`by ${programAt(name) ?? "nothing: it is not installed"}`, () => {
    let gateway: GatewayProcess;
    let proxy: ReverseProxy;
    let url: string;
    beforeAll(async () => {
      gateway = await startGateway({ servers: { echo: fixture("echo"), asks: fixture("asks-the-client") } });
      proxy = await start(gateway.port);
      url = `${proxy.url}${PREFIX}`;
    });
    afterAll(async () => {
      await proxy[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
    });

    it.each([
      ["HTTP+SSE", () => sseTransport(`${url}/asks/sse`)],
      ["Streamable HTTP", () => new StreamableHTTPClientTransport(new URL(`${url}/asks/mcp`))],
    ])("a session over %s works, and an event does not wait for the next one", async (_what, transport) => {
      await using client = await connectSdk(transport());
      // The server responds once its own request, an event in the same stream, is answered.
      expect(textIn(await client.callTool({ name: "ask-ping" }))).toContain('"result":{}');
    });

    it("a session ends when its client leaves", async () => {
      const client = await connectSdk(sseTransport(`${url}/echo/sse`));
      const pid = Number(textIn(await client.callTool({ name: "pid" })));
      expect(gateway.children("echo")).toContain(pid);
      await client.close();
      await expect.poll(() => gateway.children("echo").includes(pid), { timeout: 15_000 }).toBe(false);
    });

    it("REST works, and so do long bodies", async () => {
      const client = new RestClient(proxy.url);
      const call = (message: string) => client.post(`${PREFIX}/api/echo/echo?sessionId=${newId()}`, { message });
      expect(restTextIn(await call("hi"))).toBe("hi");
      expect(restTextIn(await call("x".repeat(3_000_000)))).toHaveLength(3_000_000);
    });

    it("the page for people and all it loads have the prefix, and so has the OpenAPI document", async () => {
      const page = await fetch(`${url}/docs`);
      const html = await page.text();
      expect(page.status).toBe(200);
      const loaded = [...html.matchAll(/<(?:script|link)[^>]+(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? "");
      expect(loaded).not.toEqual([]);
      for (const path of loaded) expect((await fetch(new URL(path, page.url))).status).toBe(200);
      expect(html).toContain(`${url}/echo/mcp`);
      const { servers } = (await (await fetch(`${url}/openapi.json`)).json()) as { servers: { url: string }[] };
      expect(servers[0]?.url).toBe(url);
    });

    it("what the gateway logs is no error", () => {
      expect(gateway.log()).not.toContain("[ERROR]");
    });
  });
});
