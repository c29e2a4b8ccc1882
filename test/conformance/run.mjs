// The official server scenarios against the built gateway, with the conformance fixtures of both SDKs behind it.
// "remote-…" is the same server in a second gateway, and "/mcp in front of …" the endpoint for all servers in a third, which has no
// other; there the suite uses plain names. `npm run conformance -- remote` runs only what has "remote" in its name.
// Exit code 0 only if every scored scenario ran and passed, and the listed exceptions did not.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";

/** The number of scored scenarios in each revision, repeated here so that a suite which lost some does not pass. */
const SCORED_SCENARIOS = { "2025-11-25": 30, "2026-07-28": 37 };
/** A server of an older revision gives its questions no names, so that the names are the gateway's. */
const NAMELESS = "the scenario wants the question to be called user_name";
const NAMELESS_QUESTIONS = {
  "input-required-result-basic-elicitation": NAMELESS,
  "input-required-result-ignore-extra-params": NAMELESS,
};
/** The revision of the client, the server behind the gateway, and the scenarios that cannot pass, each with the reason. */
const RUNS = [
  { revision: "2025-11-25", server: "v1", exceptions: {} },
  { revision: "2025-11-25", server: "v2-both", exceptions: {} },
  { revision: "2025-11-25", server: "v2-modern", exceptions: {} },
  { revision: "2026-07-28", server: "v2-both", exceptions: {} },
  { revision: "2026-07-28", server: "v2-modern", exceptions: {} },
  { revision: "2026-07-28", server: "v1", exceptions: NAMELESS_QUESTIONS },
  { revision: "2025-11-25", server: "remote-v1", exceptions: {} },
  { revision: "2025-11-25", server: "remote-v2-modern", exceptions: {} },
  { revision: "2026-07-28", server: "remote-v2-modern", exceptions: {} },
  { revision: "2026-07-28", server: "remote-v1", exceptions: NAMELESS_QUESTIONS },
  { revision: "2025-11-25", server: "/mcp in front of v1", exceptions: {} },
  { revision: "2026-07-28", server: "/mcp in front of v1", exceptions: NAMELESS_QUESTIONS },
];
const DEADLINE_MS = 10 * 60_000;
const START_MS = 15_000;
const STOP_MS = 30_000;

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const v2 = (era) => ({ ...fixture("conformance-v2"), env: { CONFORMANCE_ERA: era } });
const SERVERS = {
  // Warm, because a scenario waits 600 ms for a call that needs another process than those before it.
  v1: { ...fixture("conformance"), warm: 2 },
  "v2-both": v2("both"),
  "v2-modern": v2("modern"),
};
const globSync = new URL("glob-sync.mjs", import.meta.url).href;
const suite = dirname(fileURLToPath(import.meta.resolve("@modelcontextprotocol/conformance/package.json")));

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => interrupted.abort(new Error(signal)));

const scratch = await mkdtemp(join(tmpdir(), "mcp-gateway-conformance-"));
const asked = process.argv[2] ?? "";
let far;
let gateway;
let front;
try {
  far = await startGateway("far", SERVERS);
  const remotes = Object.keys(SERVERS).map(async (name) => [`remote-${name}`, await remoteEntry(name)]);
  gateway = await startGateway("near", { ...SERVERS, ...Object.fromEntries(await Promise.all(remotes)) });
  front = await startGateway("front", { v1: SERVERS.v1 });
  const urls = { near: await gateway.listening, front: await front.listening };
  let isGood = true;
  for (const run of RUNS) if (titleOf(run).includes(asked)) isGood = (await passes(run, urls)) && isGood;
  process.exitCode = isGood ? 0 : 1;
} catch (error) {
  process.stderr.write(`conformance: not run to its end: ${error.message}\n${gateway?.said() ?? ""}\n`);
  process.exitCode = 1;
} finally {
  await gateway?.stop();
  await front?.stop();
  await far?.stop();
  await rm(scratch, { recursive: true, force: true });
}

function titleOf({ revision, server }) {
  return `${revision} over ${server}`;
}

async function remoteEntry(name) {
  return { type: "streamable-http", url: `${await far.listening}/${name}/mcp` };
}

async function passes({ revision, server, exceptions }, urls) {
  const name = `conformance ${titleOf({ revision, server })}`;
  const isFront = server.startsWith("/mcp");
  const results = join(scratch, `${revision}-${isFront ? "front" : server}`);
  const url = isFront ? `${urls.front}/mcp` : `${urls.near}/${server}/mcp`;
  const { code, summary } = await runSuite({ url, revision, output: results });
  process.stdout.write(`${summary}\n`);
  const scenarios = await scoredScenarios(revision);
  const failures = failuresIn(await readResults(results), scenarios);
  const isExpected = ({ scenario }) => Object.hasOwn(exceptions, scenario);
  const failed = failures.filter((failure) => !isExpected(failure));
  const excepted = failures.filter(isExpected);
  const stale = Object.keys(exceptions).filter((listed) => !excepted.some(({ scenario }) => scenario === listed));
  for (const { scenario, why } of failed) process.stdout.write(`\nFAILED ${scenario}\n  ${why.join("\n  ")}\n`);
  for (const { scenario } of excepted) process.stdout.write(`\nexcepted: ${scenario}: ${exceptions[scenario]}\n`);
  for (const scenario of stale) process.stdout.write(`\nFAILED ${scenario} is listed as an exception, and passes\n`);
  if (failed.length > 0) process.stdout.write(`\nThe gateway said:\n${(isFront ? front : gateway).said()}\n`);
  // The suite itself ends with 1 when any scenario failed.
  const isBroken = code !== 0 && failures.length === 0;
  if (isBroken) process.stdout.write(`\nThe suite ended with ${code}.\n`);
  const passed = scenarios.length - failures.length;
  process.stdout.write(`\n${name}: ${passed} passed, ${failed.length} failed, ${excepted.length} excepted\n`);
  return failed.length === 0 && stale.length === 0 && !isBroken;
}

function fixture(name) {
  return {
    command: process.execPath,
    args: [fileURLToPath(new URL(`../fixtures/servers/${name}.mjs`, import.meta.url))],
  };
}

/** The built gateway on a free loopback port, without authentication. */
async function startGateway(name, servers) {
  const config = join(scratch, `${name}.yaml`);
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

async function runSuite({ url, revision, output }) {
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
  const expected = SCORED_SCENARIOS[revision];
  if (server.length === expected) return server;
  throw new Error(`the suite scores ${server.length} server scenarios of ${revision}, not ${expected}`);
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
