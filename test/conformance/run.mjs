// The official server scenarios against the built gateway, with test/fixtures/servers/conformance.mjs behind it: as its child, and
// once more as a remote server, which is a second gateway. `node run.mjs [child] [remote]` runs one of them.
// Exit code 0 only if every scored scenario ran and passed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";

const REVISION = "2025-11-25";
/** The number of scenarios in that revision, repeated here so that a suite which lost some does not pass. */
const SCORED_SCENARIOS = 30;
const DEADLINE_MS = 10 * 60_000;
const START_MS = 15_000;
const STOP_MS = 30_000;

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const fixture = fileURLToPath(new URL("../fixtures/servers/conformance.mjs", import.meta.url));
const globSync = new URL("glob-sync.mjs", import.meta.url).href;
const suite = dirname(fileURLToPath(import.meta.resolve("@modelcontextprotocol/conformance/package.json")));

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => interrupted.abort(new Error(signal)));

const WAYS = {
  child: async (start) => (await start({ command: process.execPath, args: [fixture] })).listening,
  remote: async (start) => {
    const far = await (await start({ command: process.execPath, args: [fixture] })).listening;
    return (await start({ type: "streamable-http", url: `${far}/conformance/mcp` })).listening;
  },
};
const asked = process.argv.slice(2);
for (const [name, way] of Object.entries(WAYS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  if (!(await passes(name, way))) process.exitCode = 1;
}

async function passes(name, way) {
  const title = `conformance ${REVISION}${name === "child" ? "" : `, ${name}`}`;
  const scratch = await mkdtemp(join(tmpdir(), "mcp-gateway-conformance-"));
  const gateways = [];
  const said = () => gateways.map((gateway) => gateway.said()).join("\n");
  try {
    const origin = await way(async (server) => {
      gateways.push(await startGateway(server, join(scratch, `gateway-${gateways.length}`)));
      return gateways.at(-1);
    });
    const results = join(scratch, "results");
    const { code, summary } = await runSuite(`${origin}/conformance/mcp`, results);
    process.stdout.write(`${summary}\n`);
    const failures = failuresIn(await readResults(results), await scoredScenarios());
    for (const { scenario, why } of failures) process.stdout.write(`\nFAILED ${scenario}\n  ${why.join("\n  ")}\n`);
    if (failures.length > 0) process.stdout.write(`\nThe gateway said:\n${said()}\n`);
    if (code !== 0) process.stdout.write(`\nThe suite ended with ${code}.\n`);
    process.stdout.write(`\n${title}: ${SCORED_SCENARIOS - failures.length} passed, ${failures.length} failed\n`);
    return failures.length === 0 && code === 0;
  } catch (error) {
    process.stderr.write(`${title}: not run to its end: ${error.message}\n${said()}\n`);
    return false;
  } finally {
    for (const gateway of gateways.toReversed()) await gateway.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The built gateway on a free loopback port, with only this server and without authentication. */
async function startGateway(server, folder) {
  await mkdir(folder);
  const config = join(folder, "config.yaml");
  await writeFile(config, stringify({ hostname: "127.0.0.1", port: 0, servers: { conformance: server } }));

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

async function runSuite(url, output) {
  const args = [join(suite, "dist/index.js"), "server", "--url", url, "--requirements", REVISION, "-o", output];
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

async function scoredScenarios() {
  const { server } = parse(await readFile(join(suite, "requirements", `${REVISION}.yaml`), "utf8"));
  if (server.length === SCORED_SCENARIOS) return server;
  throw new Error(`the suite scores ${server.length} server scenarios, not ${SCORED_SCENARIOS}`);
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
