// npm run attack: attacks the built gateway at random, reproducibly by seed, with raw sockets and misbehaving servers. See BENCHMARKS.md.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { attack, type Round } from "./attack/round.ts";
import { Subject } from "./attack/subject.ts";
import { reportOf } from "./attack/report.ts";
import { judge, judgeLook, healthText } from "./attack/verdict.ts";

const HELP = `npm run attack -- [options]

  --minutes N      how long, the waiting between the rounds not counted (3)
  --seed N         the same seed, the same actions; printed, by chance when not given
  --only LIST      these actions only, by the beginnings of their names, separated by commas
  --skip LIST      not these
  --replay KEY     with --only: again and again what the action of this key did (keys are told with what did not hold)
  --lanes N        attackers at once (8)
  --gateway FILE   another build of the gateway than dist/main.js
`;
/** Few enough that children and connections soon exhaust them. */
const FEW_FILES = 110;
/** The share of the time before the first measurement, in which lazy modules are loaded and code is compiled. */
const WARM_SHARE = 0.3;
const TIGHT_SHARE = 0.3;

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "3" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e6)) },
    only: { type: "string", default: "" },
    skip: { type: "string", default: "" },
    replay: { type: "string" },
    lanes: { type: "string", default: "8" },
    gateway: { type: "string", default: fileURLToPath(new URL("../dist/main.js", import.meta.url)) },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const seconds = Number(values.minutes) * 60;
  say(`seed ${values.seed}`);
  const faults = [
    ...(await phase("enough of everything", seconds * (1 - TIGHT_SHARE), undefined)),
    ...(await phase(`${FEW_FILES} file descriptors`, seconds * TIGHT_SHARE, FEW_FILES)),
  ];
  say(faults.length === 0 ? `✓ all that was attacked held (seed ${values.seed})` : `✗ seed ${values.seed}`);
  for (const fault of faults) say(fault);
  return faults.length === 0 ? 0 : 1;
}

/** Starts a gateway, runs a warm-up round, then an attack between two measurements. */
async function phase(title: string, seconds: number, files: number | undefined): Promise<string[]> {
  const subject = await Subject.start(values.gateway, files);
  const names = (list: string): string[] => list.split(",").filter((name) => name !== "");
  const order = {
    lanes: Number(values.lanes),
    only: names(values.only),
    skip: names(values.skip),
    replayed: values.replay,
    isTight: files !== undefined,
  };
  const kind = files === undefined ? "a" : "t";
  const round = async (name: string, share: number): Promise<Round> => {
    const done = await attack(subject, { ...order, seconds: seconds * share, seed: `${values.seed}${name}` });
    await subject.settle();
    judge(done, subject);
    return done;
  };
  say(`── ${title}: warming up`);
  const warm = await round(`${kind}w`, WARM_SHARE);
  const before = await subject.look();
  const lines = reportOf(warm, `${title}, warming up`);
  if (!warm.isDead) {
    say(`── ${title}`);
    const done = await round(kind, 1 - WARM_SHARE);
    const after = await subject.look();
    judgeLook(done, before, after);
    report(done);
    lines.push(...reportOf(done, title));
    if (before !== undefined && after !== undefined) {
      say(
        `file descriptors ${before.files} → ${after.files}, live heap ${before.heapMiB.toFixed(1)} → ${after.heapMiB.toFixed(1)} MiB`,
      );
    }
  } else report(warm);
  // If the gateway has died, that fault is known already.
  const ending = await subject.stop();
  for (const fault of subject.isDying ? [] : ending) lines.push(`✗ ${title}: ${fault}`);
  if (subject.isDying && lines.length > 0) lines.push(...subject.log.last.slice(-5).map((line) => `  log: ${line}`));
  return lines;
}

function report({ ends, measured: [measured] }: Round): void {
  for (const [name, counts] of [...ends].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const list = [...counts].toSorted(([, a], [, b]) => b - a).map(([end, count]) => `${end} ${count}`);
    say(`  ${name.padEnd(36)} ${String(all).padStart(5)}  ${list.join(", ").slice(0, 160)}`);
  }
  if (measured !== undefined) say(healthText(measured));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
