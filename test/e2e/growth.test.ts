import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../helpers/cli.ts";
import { type GatewayProcess, ROOT, startGateway } from "../helpers/gateway.ts";
import { until } from "../helpers/until.ts";

// A new thing is one file and one line in its registry. Each of these is added so to a copy of the source, which is built and
// started.

interface Growth {
  readonly what: string;
  /** The name of its export; the file in test/fixtures/growth/ is named after it. */
  readonly name: string;
  readonly folder: string;
  readonly registry: string;
}

const GROWTHS: readonly Growth[] = [
  { what: "an upstream kind", name: "greeter", folder: "src/upstream", registry: "kinds.ts" },
  { what: "an auth method", name: "badge", folder: "src/access/auth", registry: "methods.ts" },
  { what: "a policy rule", name: "toolBeginnings", folder: "src/access/policy", registry: "kinds.ts" },
  { what: "a metric", name: "visitors", folder: "src/observability/metrics", registry: "registry.ts" },
  { what: "an audit sink", name: "announced", folder: "src/access/audit/sinks", registry: "sinks.ts" },
];

const CONFIG = {
  auth: { badge: { value: "blue badge" } },
  policy: { rules: [{ allow: { toolBeginnings: ["gr"] } }] },
  metrics: { enabled: true },
  audit: { sink: "announced" },
  servers: { hall: { type: "greeter", greeting: "Good morning" } },
};

let folder: string;
let main: string;
let gateway: GatewayProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mcp-gateway-growth-"));
  for (const part of ["src", "tools/build.mjs", "package.json"]) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  for (const growth of GROWTHS) grow(growth);
  execFileSync(process.execPath, ["tools/build.mjs"], { cwd: folder });
  main = join(folder, "dist/main.js");
  gateway = await startGateway(JSON.stringify(CONFIG), { main, isVerbatim: true });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe("a copy of the source with five new things", () => {
  it.each(GROWTHS)("differs by one file and one line of a registry for $what", ({ name, folder: room, registry }) => {
    const before = readdirSync(join(ROOT, room));
    const after = readdirSync(join(folder, room));
    expect(after.filter((file) => !before.includes(file))).toEqual([`${kebab(name)}.ts`]);
    const changed = before.filter((file) => file.endsWith(".ts") && !isSame(join(room, file)));
    expect(changed).toEqual([registry]);
    const lines = readFileSync(join(ROOT, room, registry), "utf8").split("\n");
    const added = readFileSync(join(folder, room, registry), "utf8")
      .split("\n")
      .filter((line) => !lines.includes(line));
    expect(added).toEqual([`import { ${name} } from "./${kebab(name)}.ts";`, expect.stringContaining(name)]);
  });

  it("differs in nothing else", () => {
    const files = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" });
    const changed = files.filter((file) => file.endsWith(".ts") && !isSame(join("src", file)));
    expect(changed.toSorted()).toEqual(
      GROWTHS.map(({ folder: room, registry }) => `${room.slice(4)}/${registry}`).toSorted(),
    );
  });

  it("admits who carries the badge only, to whom the challenge is named", async () => {
    const refused = await fetch(`${gateway.url}/api/hall/greet`, { method: "POST" });
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, 'ApiKey realm="badge"']);
    const answer = await call("greet");
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("Good morning")]);
  });

  it("allows the tools that begin as the rule says, and lists no others", async () => {
    expect((await call("part")).status).toBe(404);
    const listed = await fetch(`${gateway.url}/api/hall`, { headers: BADGE });
    expect(await listed.text()).toMatch(/"greet"/);
    expect(await (await fetch(`${gateway.url}/api/hall`, { headers: BADGE })).text()).not.toContain('"part"');
  });

  it("counts in the new metric, and writes the trail through the new sink", async () => {
    await call("greet");
    const metrics = await fetch(`${gateway.url}/metrics`, { headers: BADGE });
    expect(await metrics.text()).toMatch(/mcp_gateway_visitors_total\{principal="[^"]+"\} [1-9]/);
    await until(() => /Announcement: \{.*"tool":"greet"/.test(gateway.log()), { what: "the trail is announced" });
  });

  it("knows the new keys in its schema, and reports a wrong value at its line", async () => {
    writeFileSync(join(folder, "wrong.yaml"), "servers:\n  hall:\n    type: greeter\n    greeting: 5\n");
    const report = await runCli(["validate", "-c", "wrong.yaml"], { cwd: folder, main });
    expect(report.code).toBe(78);
    expect(report.stderr + report.stdout).toContain("wrong.yaml:4:15");
    const schema = await runCli(["schema"], { cwd: folder, main });
    for (const key of ["greeting", "badge", "toolBeginnings", "announced"]) expect(schema.stdout).toContain(`"${key}"`);
  });
});

const BADGE = { "x-api-key": "blue badge" };

const call = (tool: string): Promise<Response> =>
  fetch(`${gateway.url}/api/hall/${tool}?sessionId=growth-of-five`, {
    method: "POST",
    headers: { ...BADGE, "content-type": "application/json" },
    body: "{}",
  });

/** Copies the fixture into its room, where its imports lead elsewhere, and registers it. */
function grow({ name, folder: room, registry }: Growth): void {
  const text = readFileSync(join(ROOT, `test/fixtures/growth/${kebab(name)}.ts`), "utf8");
  const up = "../".repeat(room.split("/").length - 1);
  const moved = text.replaceAll("../../../src/", up);
  writeFileSync(join(folder, room, `${kebab(name)}.ts`), moved);
  const file = join(folder, room, registry);
  const before = readFileSync(file, "utf8");
  const listed = before.replace(/,?\n?\];\n$/, (end) =>
    end.includes("\n]") ? `,\n  ${name},\n];\n` : `, ${name}];\n`,
  );
  expect(listed).not.toBe(before);
  writeFileSync(file, `import { ${name} } from "./${kebab(name)}.ts";\n${listed}`);
}

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const isSame = (file: string): boolean =>
  readFileSync(join(ROOT, file), "utf8") === readFileSync(join(folder, file), "utf8");
