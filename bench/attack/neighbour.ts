// The process of a well-behaved neighbour: sends a request to the gateway and to a bare server beside it every 20 ms, whether or
// not the last one was answered, and reports the response times at the end.
import { Agent, request } from "node:http";
import type { ResponseTimes } from "./notes.ts";

const EVERY_MS = 20;
/** A response that has not arrived by then counts with this time. */
const PATIENCE_MS = 10_000;
/** Every tenth request uses a new connection. */
const FRESH_EVERY = 10;

const [gatewayPort = 0, barePort = 0, isTight = 0] = process.argv.slice(2).map(Number);
const agents = [
  new Agent({ keepAlive: true, maxSockets: 64 }),
  new Agent({ keepAlive: true, maxSockets: 64 }),
] as const;
const gateway: number[] = [];
const bare: number[] = [];
let failures = 0;
let asked = 0;

const clock = setInterval(() => {
  asked++;
  // When descriptors are scarce, new connections may be refused.
  const isFresh = isTight === 0 && asked % FRESH_EVERY === 0;
  ask(gatewayPort, isFresh ? false : agents[0], (ms, isAnswered) => {
    gateway.push(ms);
    if (!isAnswered) failures++;
  });
  ask(barePort, isFresh ? false : agents[1], (ms) => bare.push(ms));
}, EVERY_MS);

process.once("disconnect", () => process.exit(0));
process.once("message", () => {
  clearInterval(clock);
  const measured: ResponseTimes = { gateway, bare, failures };
  process.send?.(measured, () => process.exit(0));
});

function ask(port: number, agent: Agent | false, done: (ms: number, isAnswered: boolean) => void): void {
  const askedAt = performance.now();
  const asking = request({ port, host: "127.0.0.1", path: "/health", agent, timeout: PATIENCE_MS });
  asking.once("timeout", () => asking.destroy(new Error("late")));
  asking.once("error", () => done(isTight === 1 ? performance.now() - askedAt : PATIENCE_MS, false));
  asking.once("response", (response) => {
    response
      .resume()
      .once("end", () => done(performance.now() - askedAt, response.statusCode === 200 || port === barePort));
  });
  asking.end();
}
