import { anonymous } from "../../../src/protocol/principal.ts";
import { Visibility } from "../../../src/downstream/visibility.ts";
import { describe, expect, it } from "vitest";
import { docsPage } from "../../../src/downstream/docs/docs-page.ts";
import {
  KEPT_OVERVIEWS,
  overviewOf,
  type KeptOverview,
  type ServerOverview,
} from "../../../src/downstream/docs/overview.ts";
import { Renderings } from "../../../src/downstream/renderings.ts";
import type { DocumentSettings } from "../../../src/downstream/openapi/documents.ts";
import type { SecurityScheme } from "../../../src/protocol/security-scheme.ts";
import { GatewayError } from "../../../src/protocol/errors.ts";
import { noEntries } from "../../../src/protocol/entry-reader.ts";
import type { ToolCatalog, ToolList } from "../../../src/protocol/tool.ts";
import { hostileTools } from "../../openapi/hostile.ts";
import { readMarkup } from "./markup.ts";
import { toolsListed } from "../../helpers/tools.ts";

const BASE = "http://127.0.0.1:3000";

describe("the page of a hostile server", () => {
  const evil = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</textarea></pre></details><h1>Phish</h1>",
    "<!-- ",
    "&#x3C;script>",
    "${alert(1)}",
    "data:text/html,<script>alert(1)</script>",
    "\u202Eevil\u0000\u001b[2J\ud800",
    "__proto__",
  ];
  const everywhere = (text: string): object => ({
    name: text,
    title: text,
    description: text,
    annotations: { title: text, readOnlyHint: text, destructiveHint: true },
    execution: { taskSupport: text },
    inputSchema: {
      type: "object",
      title: text,
      description: text,
      properties: JSON.parse(
        JSON.stringify({
          KEY: { type: "string", description: text, default: text, format: text, pattern: text, title: text },
          b: { enum: [text, 1, null, { a: text }], description: text },
          c: { enum: [text, "x"] },
          d: { const: text },
          e: { type: text },
          f: { type: "object", properties: { [text]: { description: text, examples: [text] } } },
          g: { type: "array", items: { $ref: text } },
          h: { anyOf: [{ const: text }, { type: "null" }], default: text },
        }).replace("KEY", JSON.stringify(text).slice(1, -1)),
      ),
      required: [text, "d"],
      [text]: text,
    },
    outputSchema: { type: "object", properties: { [text]: { description: text } }, [text]: { [text]: text } },
  });
  const initializeResult = {
    serverInfo: { name: evil[0], title: evil[0], version: evil[1], description: evil[2] },
    instructions: evil.join("\n"),
  };

  it("shows its texts and holds no markup but ours", async () => {
    const page = await pageOf({ evil: { initializeResult, tools: evil.map(everywhere) } });
    const { faults, text } = readMarkup(page);
    expect(faults).toEqual([]);
    for (const shown of evil.slice(0, 8)) expect(text).toContain(shown);
    expect(text).toContain("<img src=x onerror=alert(1)>");
  });

  it("links to nothing that the server named", async () => {
    const { links } = readMarkup(await pageOf({ evil: { initializeResult, tools: evil.map(everywhere) } }));
    const ours =
      /^(?:\.\/(?:docs|api|openapi)[\w./?=%!'()*~-]*|#[\w-]+|cursor:\/\/anysphere\.|vscode:mcp\/install\?|data:image\/svg)/;
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((link) => !ours.test(link))).toEqual([]);
  });

  it("gives no id twice and none that clashes with those of the page", async () => {
    const { ids } = readMarkup(
      await pageOf({ evil: { initializeResult, tools: [...evil, "calling", "session"].map(everywhere) } }),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("puts none of its texts into the snippets", async () => {
    const page = await pageOf({ evil: { initializeResult, tools: [everywhere("'; touch /tmp/x; '")] } });
    const snippets = page.slice(page.indexOf("Connect a client"), page.indexOf('class="tool"'));
    expect(snippets).toContain("curl");
    expect(snippets).not.toContain("touch");
  });

  it("survives every schema and name that spoils documents, in time and space", async () => {
    const page = await pageOf({ hostile: { initializeResult, tools: hostileTools } });
    expect(readMarkup(page).faults).toEqual([]);
    expect(page.length).toBeLessThan(8_000_000);
  }, 20_000);

  // A list can be as long as limits.messageBytes: 16 MiB.
  it.each<[string, object[]]>([
    ["tools", Array.from({ length: 100_000 }, (_, at) => ({ name: `tool${at}`, description: "x".repeat(100) }))],
    ["a text", [{ name: "a", description: "word ".repeat(3_000_000) }]],
    ["a name", [{ name: "n".repeat(15_000_000) }]],
    ["properties", [{ name: "a", inputSchema: { type: "object", properties: manyProperties(5_000, 3_000) } }]],
    [
      "schemas",
      Array.from({ length: 40 }, (_, at) => ({
        name: `${at}`,
        inputSchema: { properties: manyProperties(100, 3_000) },
      })),
    ],
    [
      "enums",
      [
        {
          name: "a",
          inputSchema: { properties: { a: { enum: Array.from({ length: 1_000_000 }, (_, at) => `v${at}`) } } },
        },
      ],
    ],
  ])(
    "stays bounded in time and space when it lists 15 MB of %s",
    async (_what, tools) => {
      const page = await pageOf({ long: { tools } });
      expect(page.length).toBeLessThan(8_000_000);
    },
    20_000,
  );

  it("shows 2,000 tools, and in brief those for which there is no room", async () => {
    const small = Array.from({ length: 2_000 }, (_, at) => ({ name: `tool${at}`, description: "Does it" }));
    const page = await pageOf({ many: { tools: small } });
    expect(page.match(/class="tool"/g)).toHaveLength(2_000);
    expect(page).not.toContain("There is no room for more");
    const large = small.map((tool) => ({ ...tool, description: "word ".repeat(1_600) }));
    const long = await pageOf({ many: { tools: large } });
    expect(long.match(/class="tool"/g)).toHaveLength(2_000);
    expect(long).toContain("There is no room for more");
    expect(long.length).toBeLessThan(8_000_000);
  });
});

describe("the page", () => {
  const echo = {
    name: "echo",
    description: "Says it back",
    inputSchema: { type: "object", properties: { message: { type: "string" } }, required: ["message"] },
    annotations: { readOnlyHint: true, openWorldHint: false },
  };

  it("shows a server that cannot be listed with its reason, and the others beside it", async () => {
    const page = await pageOf({ broken: new GatewayError("process_exited", "It <exited>."), fine: { tools: [echo] } });
    const { text, faults } = readMarkup(page);
    expect(faults).toEqual([]);
    expect(text).toContain("Its tools cannot be shown: It <exited>.");
    expect(text).toContain("Says it back");
    expect(text).toContain("1 tool");
  });

  it("reveals nothing about an internal error but that there is one", async () => {
    const { text } = readMarkup(await pageOf({ broken: new Error("secret path /etc/x") }));
    expect(text).toContain("The gateway failed to handle this request");
    expect(text).not.toContain("secret");
  });

  it("does not wait for a server that does not answer", async () => {
    const page = await pageOf({ never: "never", fine: { tools: [echo] } });
    expect(readMarkup(page).text).toMatch(/never\s+starting/);
    expect(page).toContain("Says it back");
  }, 10_000);

  it("has badges for what a tool says of its effects", async () => {
    const tools = [
      echo,
      { name: "rm", annotations: { destructiveHint: true, idempotentHint: true } },
      { name: "slow", execution: { taskSupport: "required" } },
    ];
    const { text } = readMarkup(await pageOf({ fine: { tools } }));
    for (const said of ["read-only · closed world", "destructive · idempotent", "task only"]) {
      expect(text.replaceAll(/\s+/g, " ")).toContain(said);
    }
    expect(text).toContain("It runs only as a task");
  });

  it("tells whether GPT Actions takes the document, and why not", async () => {
    const many = Array.from({ length: 31 }, (_, at) => ({ ...echo, name: `echo${at}` }));
    const servers = { few: { tools: [echo] }, many: { tools: many } };
    const insecure = readMarkup(await pageOf(servers)).text;
    expect(insecure).not.toContain("fits GPT Actions");
    expect(insecure).toContain("http://127.0.0.1:3000/api/few is not https");
    const { text } = readMarkup(await pageOf(servers, { baseUrl: "https://mcp.example.com" }));
    expect(text.match(/fits GPT Actions/g)).toHaveLength(1);
    expect(text).toContain("GPT Actions allows 30 operations, but this document has 31");
  });

  it("asks for credentials only when there is something to show them to", async () => {
    expect(await pageOf({ fine: { tools: [echo] } })).not.toContain('id="credential"');
    const shut = await pageOf({ fine: { tools: [echo] } }, { security: [{ kind: "basic" }, { kind: "bearer" }] });
    expect(shut).toMatch(/<input\s+id="credential"\s+type="password"\s+autocomplete="off"/);
    expect(readMarkup(shut).text).toContain("user:password or token");
  });

  it("names the tools that no URL can carry", async () => {
    const { text } = readMarkup(await pageOf({ fine: { tools: [{ ...echo, name: ".." }] } }));
    expect(text).toContain("No URL can carry this name");
  });
});

function manyProperties(count: number, characters: number): object {
  const entry = (at: number) => [`p${at}`, { type: "string", description: "x".repeat(characters) }] as const;
  return Object.fromEntries(Array.from({ length: count }, (_, at) => entry(at)));
}

type Listing = { readonly initializeResult?: object; readonly tools: readonly unknown[] } | Error | "never";

async function pageOf(
  servers: Readonly<Record<string, Listing>>,
  { baseUrl = BASE, security = [] }: { baseUrl?: string; security?: readonly SecurityScheme[] } = {},
): Promise<string> {
  const documents: DocumentSettings = {
    security,
    sessionParameter: "required",
    info: { title: "MCP <Gateway>", version: "1.0.0" },
  };
  const overview: readonly ServerOverview[] = await overviewOf(
    {
      catalog: catalogOf(servers),
      visibility: new Visibility(undefined, Object.keys(servers)),
      principal: anonymous,
      documents,
      kept: new Renderings<KeptOverview>(KEPT_OVERVIEWS),
    },
    { root: "./", baseUrl },
  );
  return String(docsPage(overview, { documents, documentsArePublic: false, root: "./", baseUrl }));
}

function catalogOf(servers: Readonly<Record<string, Listing>>): ToolCatalog {
  const list = async (server: string): Promise<ToolList> => {
    const listing = servers[server];
    if (listing === undefined || listing === "never") return new Promise(() => {});
    if (listing instanceof Error) throw listing;
    const tools = new Map(toolsListed(server, listing.tools).map((tool) => [tool.name, tool]));
    return { server, initializeResult: { ...listing.initializeResult }, tools, ...noEntries };
  };
  return { list, refresh: list, look: () => undefined, cached: () => undefined };
}
