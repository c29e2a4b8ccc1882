// Preloaded into the gateway by the attack, with --expose-gc. On SIGUSR2 it collects garbage and writes to stdout what is alive
// in its heap and what keeps its event loop running; with ATTACK_HEAP in its environment it also writes a heap snapshot to that
// folder. It periodically reports sockets whose written data has made no progress for longer than ATTACK_STALL_MS.
import { writeHeapSnapshot } from "node:v8";

const { ATTACK_STALL_MS, ATTACK_HEAP } = process.env;
const LOOK_MS = 500;
const reported = new Set();
const stuck = new Map();
let snapshots = 0;

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

process.on("SIGUSR2", () => {
  // Twice, because finalizers of the first collection release more objects.
  globalThis.gc();
  globalThis.gc();
  const resources = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  const snapshot = `${ATTACK_HEAP}/${++snapshots}.heapsnapshot`;
  const heapMiB = process.memoryUsage().heapUsed / 2 ** 20;
  writeHeapSnapshot(snapshot);
  say({ type: "look", heapMiB, resources, snapshot });
});

setInterval(() => {
  const now = performance.now();
  const sockets = process._getActiveHandles().filter((handle) => handle.remotePort !== undefined);
  for (const socket of sockets) {
    const waiting = socket._handle?.writeQueueSize ?? 0;
    const before = stuck.get(socket);
    if (waiting === 0) stuck.delete(socket);
    else if (before?.waiting !== waiting) stuck.set(socket, { waiting, since: now });
    else if (now - before.since > Number(ATTACK_STALL_MS) && !reported.has(socket)) {
      reported.add(socket);
      say({ type: "stalled", port: socket.remotePort, waiting, ms: Math.round(now - before.since) });
    }
  }
  for (const kept of [...stuck.keys(), ...reported]) {
    if (sockets.includes(kept)) continue;
    stuck.delete(kept);
    reported.delete(kept);
  }
}, LOOK_MS).unref();
