import { describe, expect, it } from "vitest";
import { Health } from "../../src/observability/health.ts";

describe("a gateway", () => {
  it("is live from the beginning to the end", () => {
    const health = new Health();
    for (const state of ["starting", "ready", "draining"] as const) {
      health.state = state;
      expect(health.live()).toMatchObject({ status: 200, body: { status: "ok", uptimeSeconds: expect.any(Number) } });
    }
  });

  it("is ready only between its start and its end", () => {
    const health = new Health();
    const statuses = (["starting", "ready", "draining"] as const).map((state) => {
      health.state = state;
      return [health.ready().status, health.ready().body.status];
    });
    expect(statuses).toEqual([
      [503, "starting"],
      [200, "ready"],
      [503, "draining"],
    ]);
  });

  it.each([
    [[false], 200, "degraded"],
    [[true], 503, "not ready"],
    [[false, true], 503, "not ready"],
  ])("with parts that fail, and refuse calls (%j), is %i and says why", (parts, status, text) => {
    const health = new Health([...parts.map((refuses) => () => ({ reason: `${refuses}`, refuses })), () => undefined]);
    expect(health.ready()).toMatchObject({ status: 503, body: { status: "starting" } });
    health.state = "ready";
    expect(health.ready()).toMatchObject({ status, body: { status: text, reasons: parts.map(String) } });
    expect(health.live().status).toBe(200);
  });

  it("is not ready before it says so", () => {
    expect(new Health().ready().status).toBe(503);
  });
});
