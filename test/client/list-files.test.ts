import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ListFiles } from "../../src/client/list-files.ts";
import type { ToolList } from "../../src/protocol/tool.ts";
import { fakeEvents } from "../session/fakes.ts";
import { toolsListed } from "../helpers/tools.ts";

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "lists-"));
  folder = join(root, "state", "lists");
});
afterEach(() => rmSync(root, { recursive: true }));

const list = (server: string, name = "log"): ToolList => ({
  server,
  initializeResult: { serverInfo: { name: server }, instructions: "Read it." },
  tools: new Map(toolsListed(server, [{ name, inputSchema: { type: "object" } }]).map((tool) => [tool.name, tool])),
  prompts: [{ name: "ask" }],
  resources: [{ uri: "a:1", name: "one" }],
  resourceTemplates: [{ uriTemplate: "a:{n}", name: "any" }],
});

/** The files of a gateway that starts with these entries. */
function opened(entries: Readonly<Record<string, string>> = { git: "1", jira: "1" }, maxBytes = 10_000) {
  const { events, emitted } = fakeEvents();
  const servers = Object.keys(entries);
  const fingerprintOf = (server: string): string | undefined => (entries[server] === "" ? undefined : entries[server]);
  const files = new ListFiles({ folder, servers, fingerprintOf, maxBytes, emit: events.emit });
  const warnings = () =>
    emitted.map((event) => (event.type === "trouble" ? `${event.what}: ${String(event.cause)}` : event.type));
  return { files, warnings };
}

async function kept(...lists: readonly ToolList[]): Promise<void> {
  const { files, warnings } = opened();
  for (const one of lists) files.keep(one);
  await files.close();
  expect(warnings()).toEqual([]);
}

const only = (): string => join(folder, readdirSync(folder)[0] ?? "no file");

describe("the list of a server", () => {
  it("is known after a restart, to nobody but the owner, and asked for once", async () => {
    await kept(list("git", "old"), list("jira"), list("git", "log"));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder)).toHaveLength(2);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    const { files, warnings } = opened();
    expect(files.take("git")).toEqual(list("git", "log"));
    expect(files.take("jira")).toEqual(list("jira"));
    expect(files.take("git")).toBeUndefined();
    expect(files.take("none")).toBeUndefined();
    expect(warnings()).toEqual([]);
  });

  it("is forgotten with a change of its entry, and its file goes; files of others stay", async () => {
    await kept(list("git"), list("jira"));
    writeFileSync(join(folder, "notes.txt"), "mine");
    writeFileSync(`${only()}.00ff.new`, "unfinished");
    const { files } = opened({ git: "2" });
    expect(files.take("git")).toBeUndefined();
    files.keep(list("git"));
    await files.close();
    expect(readdirSync(folder)).toHaveLength(2);
    expect(readdirSync(folder)).toContain("notes.txt");
  });

  it("is not kept where it is that of one caller, or too large", async () => {
    const { files, warnings } = opened({ git: "", jira: "1" }, 100);
    files.keep(list("git"));
    files.keep(list("jira"));
    await files.close();
    expect(readdirSync(root)).toEqual([]);
    expect(warnings()).toEqual([]);
  });

  it("is written again only when it is another one", async () => {
    await kept(list("git"));
    const before = statSync(only()).ino;
    const { files } = opened();
    files.take("git");
    files.keep(list("git"));
    await files.close();
    expect(statSync(only()).ino).toBe(before);
    files.keep(list("git", "diff"));
    await files.close();
    expect(statSync(only()).ino).not.toBe(before);
  });
});

describe("a file that is no list", () => {
  it.each([
    ["cut off", (text: string) => text.slice(0, 100)],
    ["empty", () => ""],
    ["of another version", (text: string) => text.replace('"version":1', '"version":2')],
    ["of another server", (text: string) => text.replace('"server":"git"', '"server":"jira"')],
    ["something else", () => "[7]"],
    ["without the answer to initialize", (text: string) => text.replace('"initializeResult"', '"other"')],
    ["too large", (text: string) => `${text}${" ".repeat(10_000)}`],
    ["deep", () => "[".repeat(9_000)],
  ])("is ignored with one warning: %s", async (_what, change) => {
    await kept(list("git"));
    writeFileSync(only(), change(readFileSync(only(), "utf8")));
    const { files, warnings } = opened();
    expect(files.take("git")).toBeUndefined();
    expect(files.take("git")).toBeUndefined();
    expect(warnings()).toEqual([expect.stringMatching(/^what is known of "git" cannot be read from .+\.json: /)]);
    files.keep(list("git"));
    await files.close();
    expect(opened().files.take("git")).toEqual(list("git"));
  });

  it("may have entries that are none: they are left out", async () => {
    await kept(list("git"));
    writeFileSync(only(), readFileSync(only(), "utf8").replace('"prompts":[', '"prompts":[7,null,'));
    expect(opened().files.take("git")).toEqual(list("git"));
  });
});

describe("a folder that cannot be used", () => {
  it.each([
    ["cannot be created", async () => void (folder = "/proc/nowhere/lists")],
    ["is a file", async () => writeFileSync(join(root, "state"), "")],
    [
      "has a folder in the place of the file",
      async () => {
        await kept(list("git"));
        const file = only();
        rmSync(file);
        mkdirSync(join(file, "full"), { recursive: true });
      },
    ],
  ])("is one warning: it %s", async (_what, prepare) => {
    await prepare();
    const { files, warnings } = opened();
    for (const name of ["log", "diff"]) {
      files.keep(list("git", name));
      await files.close();
    }
    expect(warnings()).toEqual([expect.stringMatching(/^what "git" lists cannot be written to .+: /)]);
  });

  it("leaves nothing unfinished behind", async () => {
    await kept(list("git"));
    const file = only();
    rmSync(file);
    mkdirSync(join(file, "full"), { recursive: true });
    const { files } = opened();
    files.keep(list("git"));
    await files.close();
    expect(readdirSync(folder)).toHaveLength(1);
  });
});
