import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GatewayError } from "../../../src/protocol/errors.ts";
import type { GatewayEvent } from "../../../src/protocol/events.ts";
import { Circuit } from "../../../src/upstream/http/circuit.ts";
import { Heartbeat, type Pulse } from "../../../src/upstream/http/heartbeat.ts";

const away = new GatewayError("upstream_unreachable", "away");
let events: string[];
const emit = (event: GatewayEvent): void => void events.push(event.type);

beforeEach(() => {
  events = [];
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

const opened = (): Circuit => {
  const circuit = new Circuit("http://far", emit);
  for (let nth = 0; nth < 3; nth++) circuit.failed(away);
  return circuit;
};

describe("a circuit", () => {
  it("opens after three failures in a row, and not when an answer came between them", () => {
    const circuit = new Circuit("http://far", emit);
    for (const step of ["failed", "failed", "succeeded", "failed", "failed"] as const) circuit[step](away);
    expect(circuit.isOpen).toBe(false);
    expect(() => circuit.check("far")).not.toThrow();
    circuit.failed(away);
    expect(() => circuit.check("far")).toThrow(expect.objectContaining({ reason: "circuit_open" }));
    expect(events).toEqual(["origin.paused"]);
  });

  it("lets one request try after a while, and closes when that is answered", () => {
    const circuit = opened();
    vi.advanceTimersByTime(501);
    expect(() => circuit.check("far")).not.toThrow();
    circuit.enter();
    expect(() => circuit.check("far")).toThrow(/tried again soon/);
    circuit.succeeded();
    expect(() => circuit.check("far")).not.toThrow();
    expect(events).toEqual(["origin.paused", "origin.resumed"]);
  });

  it("waits longer each time, up to 30 s, and is not fooled by failures of requests that were on their way", () => {
    const circuit = opened();
    const waits: number[] = [];
    for (let nth = 0; nth < 9; nth++) {
      const { waitMs } = circuit;
      circuit.failed(away);
      expect(circuit.waitMs).toBe(waitMs);
      waits.push(waitMs);
      vi.advanceTimersByTime(waitMs + 1);
      circuit.enter();
      circuit.failed(away);
    }
    for (const [nth, wait] of waits.entries()) {
      const most = Math.min(30_000, 500 * 2 ** nth);
      expect(wait).toBeGreaterThanOrEqual(most * 0.74);
      expect(wait).toBeLessThanOrEqual(most);
    }
    expect(events).toEqual(["origin.paused"]);
  });

  it("lets another request try when the one that tried was given up", () => {
    const circuit = opened();
    vi.advanceTimersByTime(501);
    circuit.enter();
    vi.advanceTimersByTime(30_001);
    expect(() => circuit.check("far")).not.toThrow();
  });
});

describe("a heartbeat", () => {
  const pulse = (): Pulse & { heardAt: number; pings: number } => ({
    heardAt: performance.now(),
    pings: 0,
    ping() {
      this.pings++;
      this.heardAt = performance.now();
    },
  });

  it("asks the connection that was heard last, when the server has said nothing for the interval, and only while there are any", () => {
    const heartbeat = new Heartbeat(10_000, new Circuit("http://far", emit), emit);
    const [old, young] = [pulse(), pulse()];
    heartbeat.add(old);
    heartbeat.add(young);
    vi.advanceTimersByTime(9_000);
    young.heardAt = performance.now();
    vi.advanceTimersByTime(2_000);
    expect([old.pings, young.pings]).toEqual([0, 0]);
    vi.advanceTimersByTime(20_000);
    expect(old.pings).toBe(0);
    expect(young.pings).toBeGreaterThan(0);
    heartbeat.remove(old);
    heartbeat.remove(young);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("asks as soon as a circuit lets it try, and never when it is off", () => {
    const circuit = opened();
    const heartbeat = new Heartbeat(3_600_000, circuit, emit);
    const one = pulse();
    vi.spyOn(one, "ping").mockImplementation(() => {
      one.pings++;
      circuit.enter();
    });
    heartbeat.add(one);
    vi.advanceTimersByTime(600);
    expect(one.pings).toBe(1);
    heartbeat.remove(one);
    const off = new Heartbeat(Number.POSITIVE_INFINITY, circuit, emit);
    off.add(one);
    off.hurry();
    expect(vi.getTimerCount()).toBe(0);
  });
});
