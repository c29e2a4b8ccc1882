// Preloaded into the gateway by the attack, with --expose-gc. On SIGUSR2 it throws its garbage away and writes to stdout what lives in
// its heap and what holds its event loop; with ATTACK_HEAP in its environment a snapshot of the heap goes to the folder of that name.
// Once in a while it tells of sockets on which what was written has not moved for longer than ATTACK_STALL_MS.
import { writeHeapSnapshot } from "node:v8";

const { ATTACK_STALL_MS, ATTACK_HEAP } = process.env;
const LOOK_MS = 500;
const told = new Set();
const stuck = new Map();
let snapshots = 0;

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

process.on("SIGUSR2", () => {
  // Twice: what finalizers let go goes in the second round.
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
    else if (now - before.since > Number(ATTACK_STALL_MS) && !told.has(socket)) {
      told.add(socket);
      say({ type: "stalled", port: socket.remotePort, waiting, ms: Math.round(now - before.since) });
    }
  }
  for (const kept of [...stuck.keys(), ...told]) {
    if (sockets.includes(kept)) continue;
    stuck.delete(kept);
    told.delete(kept);
  }
}, LOOK_MS).unref();
