import { startGateway } from "./targets.ts";
import { accessConfig } from "./gateway-config.ts";
import { echoCommand } from "./echo-command.ts";
import { measure, openSessions } from "./bench.ts";
import { ECHO } from "./driver/session.ts";
import { median } from "./statistics.ts";
const all = accessConfig("/tmp/lt/bench-audit.jsonl") as any;
const variants: Record<string, any> = {
  plain: {},
  limits: { rateLimit: all.rateLimit },
  audit: { audit: all.audit },
  policy: { policy: all.policy, audit: { enabled: false } },
  all,
};
const echo = echoCommand();
const transport = (process.argv[2] ?? "streamable") as any;
const names = Object.keys(variants).filter((n) => !process.env["ONLY"] || process.env["ONLY"].split(",").includes(n));
const targets = await Promise.all(
  names.map((n) =>
    startGateway({
      main: "dist/main.js",
      echo,
      more: variants[n],
      nodeArgs: process.argv[3] ? ["--cpu-prof", "--cpu-prof-dir=/tmp/lt/prof-" + n] : [],
    }),
  ),
);
const bench = { failures: new Map(), options: {} } as any;
const sessions = [];
for (const t of targets) sessions.push(await openSessions(transport, t, 1));
const res: number[][] = names.map(() => []);
for (let i = 0; i < targets.length; i++)
  await measure(bench, targets[i]!, { sessions: sessions[i]!, inFlight: 16, call: ECHO, ms: 2500 });
for (let r = 0; r < 25; r++)
  for (let i = 0; i < targets.length; i++) {
    const s = await measure(bench, targets[i]!, { sessions: sessions[i]!, inFlight: 16, call: ECHO, ms: 120 });
    res[i]!.push(s.cpuUs / s.calls);
  }
names.forEach((n, i) =>
  console.log(
    n,
    median(res[i]!).toFixed(1),
    median(res[i]!.map((v, r) => v / res[0]![r]!)).toFixed(2),
    "min",
    Math.min(...res[i]!).toFixed(1),
  ),
);
console.log(bench.failures);
await Promise.all(targets.map((t) => t.stop()));
