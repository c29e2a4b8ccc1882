import { AuditStep } from "../src/access/audit/audit-step.ts";
import { auditSchema } from "../src/access/audit/config.ts";
import { AuditTrail } from "../src/access/audit/trail.ts";
import { file } from "../src/access/audit/sinks/file.ts";
import { rateLimitSchema } from "../src/access/limits/config.ts";
import { Limiter } from "../src/access/limits/limiter.ts";
import { MemoryCounters } from "../src/access/limits/memory-counters.ts";
const sink = await file.open({ file: "/tmp/lt/micro.jsonl" } as any);
const trail = new AuditTrail(sink, console.log);
const nul = process.argv[2] === "nul";
const step = new AuditStep({ config: auditSchema.parse({}), environment: "development", redactor: undefined as any, write: (l) => nul ? undefined : trail.add(l), isFailing: () => false });
const limiter = new Limiter(rateLimitSchema.parse({ defaultRpm: 1_000_000 }), "mcp-gateway", new MemoryCounters());
const line = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello"}}}';
const req: any = { kind: "request", id: 1, method: "tools/call", params: { name: "echo", arguments: { message: "hello" } }, line };
const ans: any = { kind: "response", id: 1, failed: false, line: '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"hello"}]}}' };
const sub = (): any => ({ principal: { kind: "bearer", id: "0123456789ab" }, server: "echo", sessionId: "V1StGXR8_Z5jdHi6B-myT", transport: "streamable-http", messages: { frames: [req], isBatch: false }, reception: { requestId: "V1StGXR8_Z5j" } });
for (let round = 0; round < 6; round++) {
  const n = 40_000;
  let c0 = process.cpuUsage();
  for (let i = 0; i < n; i++) { step.open(sub(), req).closed("result", ans); if (i % 16 === 0) await new Promise(setImmediate); }
  let c = process.cpuUsage(c0);
  const a = (c.user + c.system) / n;
  c0 = process.cpuUsage();
  for (let i = 0; i < n; i++) { limiter.admit(sub()); if (i % 16 === 0) await new Promise(setImmediate); }
  c = process.cpuUsage(c0);
  const l = (c.user + c.system) / n;
  c0 = process.cpuUsage();
  for (let i = 0; i < n; i++) { sub(); if (i % 16 === 0) await new Promise(setImmediate); }
  c = process.cpuUsage(c0);
  console.log("audit", a.toFixed(2), "limits", l.toFixed(2), "base", ((c.user + c.system) / n).toFixed(2));
}
await trail.close();
