import { describe, expect, it } from "vitest";
import { groupSchema } from "../../src/aggregate/config.ts";
import { Listings } from "../../src/aggregate/listings.ts";
import { LONGEST_NAME, Naming, serverInUri, templateGlob, uriWithServer } from "../../src/aggregate/naming.ts";
import { Routes } from "../../src/aggregate/routes.ts";
import { EVERYTHING, selectionOf, type Selection } from "../../src/aggregate/selection.ts";
import { NameTable } from "../../src/aggregate/table.ts";
import { globMatcher } from "../../src/lib/glob.ts";
import { ToolReader } from "../../src/protocol/tool-reader.ts";
import type { ToolList } from "../../src/protocol/tool.ts";

interface Listed {
  readonly tools?: readonly string[];
  readonly prompts?: readonly string[];
  readonly resources?: readonly string[];
  readonly templates?: readonly string[];
}

function listOf(server: string, { tools = [], prompts = [], resources = [], templates = [] }: Listed): ToolList {
  const reader = new ToolReader(server);
  reader.read({ tools: tools.map((name) => ({ name, inputSchema: { type: "object" } })) });
  return {
    server,
    initializeResult: { capabilities: resources.length + templates.length > 0 ? { resources: {} } : {} },
    tools: reader.tools,
    prompts: prompts.map((name) => ({ name })),
    resources: resources.map((uri) => ({ uri, name: "r" })),
    resourceTemplates: templates.map((uriTemplate) => ({ uriTemplate, name: "t" })),
  };
}

interface TableSetup {
  readonly separator?: string;
  readonly selection?: Selection;
  readonly routes?: Routes;
}

function tableOf(lists: Readonly<Record<string, Listed>>, setup: TableSetup = {}): NameTable {
  const { separator = "__", selection = EVERYTHING, routes } = setup;
  const servers = Object.keys(lists);
  const naming = new Naming(servers, separator);
  const known = Object.entries(lists).map(([server, listed]) => listOf(server, listed));
  return new NameTable({ servers, naming, selection, routes }, known);
}

const names = (table: NameTable): string[] => [...table.tools.keys()];
const found = (table: NameTable, text: string): string | undefined => {
  const aim = table.find("tool", text);
  return aim && `${aim.server}/${aim.name}`;
};

describe("the name of a tool", () => {
  const naming = new Naming(["c", "c__a", "git"], "__");

  it.each([
    ["has its server in front", "git", "log", "git__log"],
    ["may be anything", "git", "größe:x/y z", "git__größe:x/y z"],
    ["may look like a prototype", "git", "__proto__", "git____proto__"],
    ["of the server with the longer name stays plain", "c__a", "b", "c__a__b"],
  ])("%s", (_what, server, name, expected) => {
    expect(naming.nameOf({ server, name })).toBe(expected);
  });

  it("that reads like one of another server has a hash, whether that has such a tool or not", () => {
    expect(naming.nameOf({ server: "c", name: "a__b" })).toMatch(/^c__a__b_[A-Za-z0-9_-]{8}$/);
    expect(new Naming(["c", "git"], "__").nameOf({ server: "c", name: "a__b" })).toBe("c__a__b");
  });

  it("is shortened with a hash of the whole, the same each time", () => {
    const long = { server: "git", name: "n".repeat(300) };
    const other = { server: "git", name: "n".repeat(301) };
    expect(naming.nameOf(long)).toHaveLength(LONGEST_NAME);
    expect(naming.nameOf(long)).toBe(new Naming(["git"], "__").nameOf(long));
    expect(naming.nameOf(long)).not.toBe(naming.nameOf(other));
    expect(naming.nameOf({ server: "git", name: "x".repeat(59) })).toHaveLength(64);
    // 55 characters would end within a pair of surrogates.
    expect(naming.nameOf({ server: "git", name: "😀".repeat(100) })).not.toMatch(/\p{Surrogate}/u);
  });
});

describe("in a call, a tool is found", () => {
  const table = tableOf({
    c: { tools: ["a__b", "only", "same"] },
    c__a: { tools: ["b", "same"] },
    git: { tools: ["log", "x:y", "n".repeat(300), "constructor"] },
  });
  const [clash = ""] = names(table).filter((name) => name.startsWith("c__a__b_"));
  const [long = ""] = names(table).filter((name) => name.startsWith("git__nnn"));

  it.each([
    ["by its listed name", "git__log", "git/log"],
    ["with a colon", "git:log", "git/log"],
    ["with a colon in its own name", "git:x:y", "git/x:y"],
    ["by a name that two could have: the longer server's", "c__a__b", "c__a/b"],
    ["by the name with the hash: the other one's", clash, "c/a__b"],
    ["with a colon, where the separator is not clear", "c:a__b", "c/a__b"],
    ["by its shortened name", long, `git/${"n".repeat(300)}`],
    ["by its whole name", `git__${"n".repeat(300)}`, `git/${"n".repeat(300)}`],
    ["by its plain name, if it is the only one", "only", "c/only"],
    ["by a plain name that is a prototype's", "constructor", "git/constructor"],
    ["on its server, even if that does not list it", "git__new", "git/new"],
    ["not by a plain name that two servers have", "same", undefined],
    ["not by a plain name that none has", "nothing", undefined],
    ["not by a prototype's name", "toString", undefined],
    ["not by the name of a server alone", "git__", undefined],
    ["not on a server that is not there", "jira:log", undefined],
  ])("%s", (_what, text, expected) => {
    expect(found(table, text)).toBe(expected);
  });

  it.each([":", "_", "-", "."])("under every listed name, whatever the separator: %s", (separator) => {
    const odd = tableOf(
      { a: { tools: ["b", "b-c", "_", "x.y", "__"] }, "a-b": { tools: ["c", "b"] }, a_: { tools: ["b", "_b"] } },
      { separator },
    );
    for (const { publicName, server, name } of odd.tools.values())
      expect(found(odd, publicName)).toBe(`${server}/${name}`);
    expect(odd.tools.size).toBe(9);
  });
});

it("of one server only, everything is that server's", () => {
  const table = tableOf({ git: { tools: ["log"], prompts: ["review"] } });
  for (const text of ["log", "git__log", "git:log"]) expect(found(table, text)).toBe("git/log");
  expect(found(table, "hidden")).toBe("git/hidden");
  expect([table.routeOf("x/y"), table.routeOf("tools/list")]).toEqual(["git", undefined]);
  const selection = selectionOf(groupSchema.parse({ servers: ["git"], tools: ["log"] }));
  expect(found(tableOf({ git: { tools: ["log"] } }, { selection }), "hidden")).toBeUndefined();
});

describe("a route", () => {
  const routes = new Routes([
    { match: { tool: "math.*" }, server: "calc" },
    { match: { tool: "*__rest" }, server: "calc" },
    { match: { resource: "db:*" }, server: "git" },
    { match: { method: "*" }, server: "git" },
  ]);
  const lists = { git: { tools: ["log", "math.add"] }, calc: { tools: ["math.add"], resources: ["db:1"] } };
  const table = tableOf(lists, { routes });

  it.each([
    ["claims a plain name, also one that another server has", "math.add", "calc/math.add"],
    ["does not claim what is listed", "git__log", "git/log"],
    ["does not claim what names its server with a colon", "git:math.x", "git/math.x"],
    ["claims what reads like a server's tool and is none", "git__rest", "calc/git__rest"],
    ["for every method claims what is left", "other", "git/other"],
  ])("%s", (_what, text, expected) => {
    expect(found(table, text)).toBe(expected);
  });

  it("is asked for methods that are not the endpoint's own", () => {
    expect(table.routeOf("x/y")).toBe("git");
    expect(table.routeOf("tools/list")).toBeUndefined();
    expect(tableOf(lists).routeOf("x/y")).toBeUndefined();
  });

  it("does not lead a listed resource elsewhere", () => {
    expect(table.findUri("db:1")?.server).toBe("calc");
    expect(table.findUri("db:2")?.server).toBe("git");
  });
});

describe("a resource", () => {
  const table = tableOf({
    a: { resources: ["file:///1", "same:1", "mcp+b:own"], templates: ["shop://{x}/a*c{/y}", "tie://{z}"] },
    b: { resources: ["same:1", "http://b/1"], templates: ["tie://{z}"] },
    c: { resources: ["http://c/1"] },
  });

  it("keeps its URI, and has its server in front where an earlier one has the same", () => {
    expect([...table.resources.keys()]).toEqual([
      "file:///1",
      "same:1",
      // It would be taken for one of b.
      "mcp+a:mcp+b:own",
      "mcp+b:same:1",
      "http://b/1",
      "http://c/1",
    ]);
    expect([...table.resourceTemplates.keys()]).toEqual(["shop://{x}/a*c{/y}", "tie://{z}", "mcp+b:tie://{z}"]);
  });

  it.each([
    ["by its URI", "same:1", "a same:1"],
    ["with its server in front", "mcp+b:same:1", "b same:1"],
    ["with its server in front, unlisted", "mcp+c:http://c/2", "c http://c/2"],
    ["by a template", "shop://x/a*c/d", "a shop://x/a*c/d"],
    ["by a template with its server", "mcp+b:tie://5", "b tie://5"],
    ["by a template itself", "tie://{z}", "a tie://{z}"],
    ["by a scheme that one server has only", "FILE:///2", "a FILE:///2"],
    ["never on a server that is not there", "mcp+x:same:1", undefined],
    ["never by a scheme that two have", "http://d/1", undefined],
    ["never by an unknown scheme", "what:1", undefined],
  ])("is found %s", (_what, uri, expected) => {
    const aim = table.findUri(uri);
    expect(aim && `${aim.server} ${aim.name}`).toBe(expected);
  });

  it("that nobody lists is asked of the only server that has any", () => {
    expect(tableOf({ a: { resources: ["x:1"] }, b: {} }).findUri("y:1")?.server).toBe("a");
  });

  it("with its server in front reads back", () => {
    expect(serverInUri(uriWithServer("a_b", "x:\ny"))).toEqual({ server: "a_b", uri: "x:\ny" });
    expect(serverInUri("mcp+:x")).toBeUndefined();
  });

  it.each([
    ["a://{x}/b", "a://1/2/b", true],
    ["a://{x}/b", "a://1/c", false],
    ["a*{x}", "a*1", true],
    ["a*{x}", "ab1", false],
    ["a{unclosed", "a{unclosed", true],
  ])("the template %s against %s: %s", (template, uri, expected) => {
    expect(globMatcher(templateGlob(template))(uri)).toBe(expected);
  });
});

describe("a group", () => {
  const lists = {
    git: { tools: ["log", "push", "blame"], prompts: ["review"], resources: ["file:///a", "file:///b"] },
    jira: { tools: ["get", "log"], prompts: ["plan"] },
  };
  const group = (more: object): Selection => selectionOf(groupSchema.parse({ servers: ["git", "jira"], ...more }));

  it.each([
    ["without a list has everything", {}, ["git__log", "git__push", "git__blame", "jira__get", "jira__log"], [2, 2]],
    ["with a list has what it names", { tools: ["git:lo*", "jira__x", "get"] }, ["git__log", "jira__get"], [0, 0]],
    ["has a tool of any server", { tools: ["log"], prompts: ["*"] }, ["git__log", "jira__log"], [2, 0]],
    ["has resources by their URI", { resources: ["*a"] }, [], [0, 1]],
  ])("%s", (_what, more, tools, others) => {
    const table = tableOf(lists, { selection: group(more) });
    expect(names(table)).toEqual(tools);
    expect([table.prompts.size, table.resources.size]).toEqual(others);
  });

  it("gives other names and descriptions", () => {
    const selection = group({
      rename: { "git:log": "history", "jira:get": "git__push" },
      description: { "git:log": "What happened" },
    });
    const table = tableOf(lists, { selection });
    expect(table.tools.get("history")?.listed).toMatchObject({ name: "history", description: "What happened" });
    // The name that the config gives wins over the one that is made.
    expect(found(table, "git__push")).toBe("jira/get");
    const [hashed = ""] = names(table).filter((name) => name.startsWith("git__push_"));
    expect(found(table, hashed)).toBe("git/push");
  });

  it("does not have what it leaves out, however that is named", () => {
    const table = tableOf(lists, { selection: group({ tools: ["git:log"] }) });
    for (const text of ["git__push", "git:push", "push", "jira:log", "jira__log"])
      expect(found(table, text)).toBeUndefined();
    for (const text of ["git__log", "git:log", "log"]) expect(found(table, text)).toBe("git/log");
    expect(table.findUri("file:///a")).toBeUndefined();
    expect(table.findUri("mcp+git:file:///a")).toBeUndefined();
  });
});

describe("a list", () => {
  const many = tableOf({ a: { tools: Array.from({ length: 4_500 }, (_, at) => `t${at}`), prompts: ["p"] } });
  const page = (table: NameTable, kind: "tools" | "prompts", cursor?: unknown) => {
    const { line, failed } = new Listings(table).answer(kind, 1, cursor === undefined ? undefined : { cursor });
    const { result, error } = JSON.parse(line.toString());
    return { failed, names: result?.[kind].map(({ name }: { name: string }) => name), next: result?.nextCursor, error };
  };

  it("is one page, or as many as it needs", () => {
    const first = page(many, "tools");
    const second = page(many, "tools", first.next);
    const third = page(many, "tools", second.next);
    expect([first.names.length, second.names.length, third.names.length]).toEqual([2_000, 2_000, 500]);
    expect(new Set([...first.names, ...second.names, ...third.names]).size).toBe(4_500);
    expect(third.next).toBeUndefined();
  });

  it("goes on where it was, although another has come in front", () => {
    const { next } = page(many, "tools");
    const grown = tableOf({ b: { tools: ["new"] }, a: { tools: Array.from({ length: 2_001 }, (_, at) => `t${at}`) } });
    expect(page(grown, "tools", next).names).toEqual(["a__t2000"]);
  });

  it.each([
    ["of another list", "prompts"],
    ["of nobody", "tools", "page-2"],
    ["that is no text", "tools", 7],
    ["that is empty", "tools", ""],
  ] as const)("refuses a cursor %s", (_what, kind, cursor: unknown = page(many, "tools").next) => {
    expect(page(many, kind, cursor).error).toEqual({ code: -32602, message: "Invalid cursor" });
  });
});
