import { expect, it } from "vitest";
import { ToolReader } from "../../src/protocol/tool-reader.ts";

function read(...pages: readonly object[]): ToolReader {
  const reader = new ToolReader("git");
  for (const page of pages) reader.read({ ...page });
  return reader;
}

it("a tool is read once, with what is missing told apart", () => {
  const listed = {
    name: "log",
    title: " Log\u0007 ",
    description: 7,
    inputSchema: { type: "object" },
    annotations: { readOnlyHint: true },
    execution: { taskSupport: "optional" },
    _meta: { x: 1 },
  };
  expect(read({ tools: [listed] }).tools.get("log")).toEqual({
    server: "git",
    name: "log",
    title: "Log",
    description: undefined,
    inputSchema: { type: "object" },
    outputSchema: undefined,
    annotations: { readOnlyHint: true },
    taskSupport: "optional",
    listed,
  });
});

it("a tool without a title has that of its annotations", () => {
  const tools = [
    { name: "a", annotations: { title: "A" } },
    { name: "b", title: "", annotations: { title: "B" } },
  ];
  expect([...read({ tools }).tools.values()].map(({ title }) => title)).toEqual(["A", "B"]);
});

it("invalid tools are left out, with one warning", () => {
  const reader = read({ tools: [null, 5, [], {}, { name: "" }, { name: 7 }] }, { tools: ["x", { name: "real" }] });
  expect([...reader.tools.keys()]).toEqual(["real"]);
  expect(reader.warnings).toEqual(["a tool without a name was left out"]);
});

it("the first of two tools with one name stays", () => {
  const reader = read({ tools: [{ name: "a", title: "1" }] }, { tools: [{ name: "a", title: "2" }] });
  expect(reader.tools.get("a")?.title).toBe("1");
  expect(reader.warnings).toEqual(['the second tool named "a" was left out']);
});

it("a result that has no list of tools has none", () => {
  for (const page of [{}, { tools: null }, { tools: { a: { name: "a" } } }]) {
    expect(read(page).tools.size).toBe(0);
    expect(read(page).warnings).toEqual(['a result of tools/list without a "tools" list was left out']);
  }
});

it("a name of a prototype's member is a name like any other", () => {
  const names = ["__proto__", "constructor", "toString"];
  expect([...read({ tools: names.map((name) => ({ name })) }).tools.keys()]).toEqual(names);
});

it("the number of warnings is bounded", () => {
  const tools = Array.from({ length: 1_000 }, (_, n) => ({ name: `t${n}` }));
  const { warnings } = read({ tools: [...tools, ...tools] });
  expect(warnings).toHaveLength(11);
  expect(warnings.at(-1)).toBe("and more of the kind");
});

it("of an entry that is nested too deep to be written down the name stays", () => {
  let inputSchema = {};
  for (let level = 0; level < 200_000; level++) inputSchema = { not: inputSchema };
  const tool = read({ tools: [{ name: "deep", inputSchema }] }).tools.get("deep");
  expect(tool).toMatchObject({ name: "deep", inputSchema: { type: "object" } });
  expect(tool?.listed["name"]).toBe("deep");
});
