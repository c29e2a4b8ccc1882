// npm run bench: the built gateway compared with an ideal relay, in alternating slices of one run. See BENCHMARKS.md.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { warmUp, type Bench, type Setup } from "./bench.ts";
import { aggregate } from "./cases/aggregate.ts";
import { access, ACCESS } from "./cases/access.ts";
import { calls, POINTS } from "./cases/calls.ts";
import { recordedCalls } from "./cases/console.ts";
import { memoryPerSession } from "./cases/memory.ts";
import { countedCalls } from "./cases/metrics.ts";
import { notifications } from "./cases/notifications.ts";
import { opens } from "./cases/opens.ts";
import { payloads } from "./cases/payloads.ts";
import { idle, start } from "./cases/start.ts";
import { wake } from "./cases/wake.ts";
import { warmOpen } from "./cases/warm.ts";
import { echoCommand } from "./echo-command.ts";
import { isReached, SESSION_TRANSPORTS, TRANSPORTS, type Figure, type Transport } from "./figures.ts";
import { modernServers, remoteServers } from "./gateway-config.ts";
import { HELP, readOptions, type Options } from "./options.ts";
import { profileArgs, profileSummary } from "./profile.ts";
import { markdown } from "./table.ts";
import { startGateway, startIdealHttpRelay, startIdealRelay } from "./targets.ts";

const MORE_POINTS = [ACCESS, "notifications", "answers-1m", "answers-10m", "requests-1m", "open"];

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const options = readOptions(process.argv.slice(2));
if (options === undefined) process.stdout.write(HELP);
else process.exitCode = await run(options);

async function run(asked: Options): Promise<number> {
  const startedAt = performance.now();
  const setup: Setup = { options: asked, echo: echoCommand(), failures: new Map() };
  const figures: Figure[] = [];
  for (const transport of TRANSPORTS) figures.push(...(await ofTransport(setup, transport)));
  figures.push(...(await ofRemote(setup)));
  figures.push(...(await start(setup)), ...(await idle(setup)), ...(await warmOpen(setup)), ...(await wake(setup)));
  figures.push(...(await countedCalls(setup)), ...(await recordedCalls(setup)), ...(await aggregate(setup)));
  for (const transport of SESSION_TRANSPORTS) figures.push(...(await memoryPerSession(setup, transport)));

  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  process.stdout.write(
    `${markdown(figures)}\n\n${machine(setup.echo.language)}, ${asked.rounds} rounds, ${seconds} s\n`,
  );
  if (asked.jsonFile !== undefined)
    writeFileSync(asked.jsonFile, `${JSON.stringify(withVerdicts(figures), null, 2)}\n`);
  for (const [what, times] of setup.failures) process.stderr.write(`FAILED ${times} × ${what}\n`);
  return setup.failures.size === 0 ? 0 : 1;
}

/** In separate processes, so that no transport runs on code that was optimised for another one. */
async function ofTransport(setup: Setup, transport: Transport): Promise<Figure[]> {
  const { wants, main, profileFolder } = setup.options;
  if (![...POINTS.map(({ point }) => point), ...MORE_POINTS].some((point) => wants(point, transport))) return [];
  process.stderr.write(`${transport} …\n`);
  const { echo } = setup;
  const nodeArgs = profileFolder === undefined ? [] : profileArgs(profileFolder);
  const servers = transport === "modern" ? modernServers(echo) : {};
  const gateway = await startGateway({ main, echo, nodeArgs, servers });
  const ideal = await startIdealRelay(echo);
  const bench: Bench = { ...setup, gateway, ideal };
  try {
    if (POINTS.some(({ point }) => wants(point, transport))) await warmUp(bench, transport);
    return [
      ...(await calls(bench, transport)),
      ...(await notifications(bench, transport)),
      ...(await payloads(bench, transport)),
      ...(transport === "modern" ? [] : await opens(bench, transport)),
      ...(await access(bench, transport)),
    ];
  } finally {
    await gateway.stop();
    await ideal.stop();
    if (profileFolder !== undefined) process.stdout.write(`${profileSummary(profileFolder, gateway.pid)}\n\n`);
  }
}

/** The same calls to a server elsewhere; beside the gateway, a relay from HTTP to HTTP that checks nothing. */
async function ofRemote(setup: Setup): Promise<Figure[]> {
  const { wants, main, profileFolder } = setup.options;
  if (![...POINTS.map(({ point }) => point), ...MORE_POINTS].some((point) => wants(point, "remote"))) return [];
  const nodeArgs = profileFolder === undefined ? [] : profileArgs(profileFolder);
  process.stderr.write("remote …\n");
  const { echo } = setup;
  const far = [await startIdealRelay(echo), await startIdealRelay(echo)] as const;
  const servers = remoteServers(far[0].port);
  const gateway = await startGateway({ main, echo, nodeArgs, servers });
  const ideal = await startIdealHttpRelay(far[1].port);
  const bench: Bench = { ...setup, gateway, ideal };
  try {
    await warmUp(bench, "remote");
    return [
      ...(await calls(bench, "remote")),
      ...(await notifications(bench, "remote")),
      ...(await payloads(bench, "remote")),
    ];
  } finally {
    for (const target of [gateway, ideal, ...far]) await target.stop();
    if (profileFolder !== undefined) process.stdout.write(`${profileSummary(profileFolder, gateway.pid)}\n\n`);
  }
}

function machine(language: string): string {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model ?? "unknown CPU"}, Node ${process.versions.node}, echo child in ${language}`;
}

function withVerdicts(figures: readonly Figure[]): object[] {
  return figures.map((figure) => ({ ...figure, reached: isReached(figure) }));
}
