// The official server scenarios against the built gateway, with the conformance fixtures behind it: one written with SDK v1, which
// begins with initialize, and one with SDK v2. Exit code 0 only if every scored scenario ran and passed, except those of
// exceptions.mjs, which must fail.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { EXCEPTIONS } from "./exceptions.mjs";

const LEGACY = "2025-11-25";
const MODERN = "2026-07-28";
/** The number of scenarios in each revision, repeated here so that a suite which lost some does not pass. */
const SCORED_SCENARIOS = { [LEGACY]: 30, [MODERN]: 37 };
/** Which revision is spoken with which server. */
const RUNS = [
  { revision: LEGACY, server: "v1" },
  { revision: LEGACY, server: "v2" },
  { revision: MODERN, server: "v2" },
  { revision: MODERN, server: "v1" },
];
const DEADLINE_MS = 10 * 60_000;
const START_MS = 15_000;
const STOP_MS = 30_000;

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const fixture = (name) => ({
  command: process.execPath,
  args: [fileURLToPath(new URL(`../fixtures/servers/${name}.mjs`, import.meta.url))],
});
const servers = { v1: fixture("conformance"), v2: fixture("conformance-v2") };
const globSync = new URL("glob-sync.mjs", import.meta.url).href;
const suite = dirname(fileURLToPath(import.meta.resolve("@modelcontextprotocol/conformance/package.json")));

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => interrupted.abort(new Error(signal)));

const scratch = await mkdtemp(join(tmpdir(), "mcp-gateway-conformance-"));
let gateway;
try {
  gateway = await startGateway();
  const origin = await gateway.listening;
  let isGood = true;
  for (const run of RUNS) isGood = (await passes(run, origin)) && isGood;
  if (!isGood) process.stdout.write(`\nThe gateway said:\n${gateway.said()}\n`);
  process.exitCode = isGood ? 0 : 1;
} catch (error) {
  process.stderr.write(`conformance: not run to its end: ${error.message}\n${gateway?.said() ?? ""}\n`);
  process.exitCode = 1;
} finally {
  await gateway?.stop();
  await rm(scratch, { recursive: true, force: true });
}

/** Whether one run of the suite ends as it should. */
async function passes({ revision, server }, origin) {
  const name = `${revision} over ${server}`;
  const results = join(scratch, name.replaceAll(" ", "-"));
  const { code, summary } = await runSuite(`${origin}/${server}/mcp`, revision, results);
  const scenarios = await scoredScenarios(revision);
  const failures = failuresIn(await readResults(results), scenarios);
  const excepted = EXCEPTIONS[name] ?? {};
  const unexpected = failures.filter(({ scenario }) => excepted[scenario] === undefined);
  const failed = new Set(failures.map(({ scenario }) => scenario));
  const outdated = Object.keys(excepted).filter((scenario) => !failed.has(scenario));

  if (unexpected.length > 0) process.stdout.write(`${summary}\n`);
  for (const { scenario, why } of unexpected) process.stdout.write(`\nFAILED ${scenario}\n  ${why.join("\n  ")}\n`);
  for (const scenario of outdated) process.stdout.write(`\n${scenario} passes: it is no exception any more\n`);
  // The suite itself knows no exceptions.
  const isBroken = code !== 0 && failures.length === 0;
  if (isBroken) process.stdout.write(`\nThe suite ended with ${code}.\n${summary}\n`);
  const passed = scenarios.length - failures.length;
  const expected = failures.length - unexpected.length;
  process.stdout.write(`conformance ${name}: ${passed} passed, ${unexpected.length} failed, ${expected} excepted\n`);
  return unexpected.length === 0 && outdated.length === 0 && !isBroken;
}

/** The built gateway on a free loopback port, with the fixtures as its servers and without authentication. */
async function startGateway() {
  const config = join(scratch, "config.yaml");
  await writeFile(config, stringify({ hostname: "127.0.0.1", port: 0, servers }));

  const child = spawn(process.execPath, [main, "--config", config], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(child, "exit");
  const lines = [];
  const listening = new Promise((resolve, reject) => {
    const giveUp = (why) => reject(new Error(`the gateway did not start: ${why}`));
    setTimeout(giveUp, START_MS, `it did not listen within ${START_MS} ms`).unref();
    interrupted.signal.addEventListener("abort", () => giveUp(interrupted.signal.reason.message));
    exited.then(([code, signal]) => giveUp(`it ended with ${code ?? signal}`), reject);
    createInterface(child.stderr).on("line", (line) => {
      lines.push(line);
      const address = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (address !== undefined) resolve(`http://${address}`);
    });
  });

  return {
    listening,
    said: () => lines.join("\n"),
    /** The gateway ends its own children; it is killed only when it does not exit, and then its reaper ends them. */
    async stop() {
      const kill = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      child.kill("SIGTERM");
      await exited;
      clearTimeout(kill);
    },
  };
}

async function runSuite(url, revision, output) {
  const args = [join(suite, "dist/index.js"), "server", "--url", url, "--requirements", revision, "-o", output];
  const child = spawn(process.execPath, ["--import", globSync, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    signal: AbortSignal.any([interrupted.signal, AbortSignal.timeout(DEADLINE_MS)]),
    killSignal: "SIGKILL",
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (said += text));
  const [code] = await once(child, "close");
  const at = said.indexOf("=== SUMMARY ===");
  return { code, summary: at === -1 ? said : said.slice(at) };
}

/** Scenario → its checks. The suite writes one folder per scenario: server-<scenario>-<time>/checks.json. */
async function readResults(folder) {
  const names = await readdir(folder).catch(() => []);
  const entries = names.map(async (name) => {
    const scenario = /^server-(.+?)-\d{4}-\d\d-\d\dT/.exec(name)?.[1];
    return [scenario, JSON.parse(await readFile(join(folder, name, "checks.json"), "utf8"))];
  });
  return new Map(await Promise.all(entries));
}

async function scoredScenarios(revision) {
  const { server } = parse(await readFile(join(suite, "requirements", `${revision}.yaml`), "utf8"));
  if (server.length === SCORED_SCENARIOS[revision]) return server;
  throw new Error(`the suite scores ${server.length} server scenarios, not ${SCORED_SCENARIOS[revision]}`);
}

/** A scenario passes when nothing in it failed and at least one check succeeded. */
function failuresIn(results, scenarios) {
  return scenarios.flatMap((scenario) => {
    const checks = results.get(scenario) ?? [];
    const failed = checks.filter(({ status }) => status === "FAILURE");
    const succeeded = checks.filter(({ id, status }) => status === "SUCCESS" && !id.startsWith("wire-schema-"));
    if (failed.length === 0 && succeeded.length > 0) return [];
    const why = failed.map(({ id, errorMessage, description }) => `${id}: ${errorMessage ?? description}`);
    return [{ scenario, why: why.length === 0 ? [`of ${checks.length} checks none of its own succeeded`] : why }];
  });
}
