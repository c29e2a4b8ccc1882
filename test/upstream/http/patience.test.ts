import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/protocol/errors.ts";
import { Patience, type Patient, type PatienceOptions } from "../../../src/upstream/http/patience.ts";
import { until } from "../../helpers/until.ts";

const AWAY = new GatewayError("upstream_unreachable", "away");

function patience(more: Partial<PatienceOptions> = {}): { readonly patience: Patience; readonly events: string[] } {
  const events: string[] = [];
  const options = { origin: "http://x", retries: 3, delayMs: 5, waitMs: 10_000, ...more };
  return { patience: new Patience({ ...options, emit: ({ type }) => events.push(type) }), events };
}

function patient(again: () => void = () => undefined): Patient {
  return { startedAt: performance.now(), tries: 0, again };
}

describe("a request while its server is away", () => {
  it("is sent again as often as it may, and not more", async () => {
    const { patience: one } = patience();
    let sent = 0;
    let isOver = false;
    const request = patient(() => {
      sent++;
      isOver = !one.hold(request, AWAY);
    });
    expect(one.hold(request, AWAY)).toBe(true);
    await until(() => isOver, { what: "it is given up" });
    expect(sent).toBe(3);
    expect(one.outage).toBeUndefined();
  });

  it("is not held without retries, or when its time is over, or would be", () => {
    expect(patience({ retries: 0 }).patience.hold(patient(), AWAY)).toBe(false);
    expect(patience({ waitMs: 0 }).patience.hold(patient(), AWAY)).toBe(false);
    const busy = new GatewayError("upstream_busy", "in an hour", { retryAfterMs: 3_600_000 });
    expect(patience().patience.hold(patient(), busy)).toBe(false);
  });

  it("waits no longer between two attempts than it may", async () => {
    const { patience: one } = patience({ retries: Number.POSITIVE_INFINITY, delayMs: 1, longestDelayMs: 4 });
    let sent = 0;
    const request = patient(() => {
      sent++;
      one.hold(request, AWAY);
    });
    one.hold(request, AWAY);
    // With waits twice as long each time, the thirtieth would come after weeks.
    await until(() => sent >= 30, { what: "it is sent often" });
    expect(request.tries).toBeGreaterThanOrEqual(30);
    one.close();
  });

  it("is tried a last time at the end of its time, however long the pause would be", async () => {
    const { patience: one } = patience({ delayMs: 3_600_000, waitMs: 30 });
    let isSent = false;
    const request = patient(() => (isSent = true));
    one.hold(request, AWAY);
    await until(() => isSent, { what: "it is sent" });
    expect(one.hold(request, AWAY)).toBe(false);
  });

  it("goes out as soon as the server is back, and each outage is reported once", () => {
    const { patience: one, events } = patience({ delayMs: 3_600_000 });
    let sent = 0;
    one.away(AWAY);
    for (let at = 0; at < 3; at++)
      one.hold(
        patient(() => sent++),
        AWAY,
      );
    one.away(AWAY);
    expect(one.outage).toBe(AWAY);
    one.back();
    one.back();
    expect(sent).toBe(3);
    expect(events).toEqual(["origin.away", "origin.resumed"]);
  });

  it("that is not wanted any more is not sent", () => {
    const { patience: one } = patience({ delayMs: 3_600_000 });
    const unwanted = patient(() => expect.unreachable());
    one.away(AWAY);
    one.hold(unwanted, AWAY);
    one.forget(unwanted);
    one.back();
    one.hold(unwanted, AWAY);
    one.close();
    one.away(AWAY);
    one.back();
    expect(one.outage).toBeUndefined();
  });
});
