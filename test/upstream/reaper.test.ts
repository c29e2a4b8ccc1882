import { afterEach, describe, expect, it } from "vitest";
import type { GatewayEvent } from "../../src/protocol/events.ts";
import { Reaper } from "../../src/upstream/reaper.ts";
import { descendantsOf } from "../helpers/children.ts";
import { until } from "../helpers/until.ts";

const reapers: Reaper[] = [];
afterEach(() => reapers.splice(0).forEach((reaper) => reaper.close()));

function reaperRunBy(program: string) {
  const troubles: string[] = [];
  const emit = (event: GatewayEvent): void => void troubles.push(event.type === "trouble" ? event.what : event.type);
  const reaper = new Reaper(emit, program);
  reapers.push(reaper);
  return { reaper, troubles };
}

const CANNOT_START = "the reaper process cannot be started; trying again";

describe("a reaper that cannot be started", () => {
  it.each([
    ["there is no such program", "/is/not/there"],
    ["its program is impossible", "a\u0000b"],
  ])("because %s is tried again a moment later, once for all children", async (_why, program) => {
    const { reaper, troubles } = reaperRunBy(program);
    reaper.started(1_234_567, "cookie");
    await until(() => troubles.length === 1, { what: "it is told" });
    reaper.started(1_234_568, "cookie");
    reaper.ending(1_234_568);
    expect(troubles).toEqual([CANNOT_START]);
    await until(() => troubles.length === 2, { what: "it was tried again" });
    expect(troubles).toEqual([CANNOT_START, CANNOT_START]);
    reaper.ended(1_234_568);
    reaper.close();
  });
});

it("a reaper is started with the first child", async () => {
  const { reaper, troubles } = reaperRunBy(process.execPath);
  const before = descendantsOf(process.pid);
  reaper.started(1_234_567, "cookie");
  const others = (): number[] => descendantsOf(process.pid).filter((pid) => !before.includes(pid));
  await until(() => others().length === 1, { what: "it runs" });
  reaper.close();
  await until(() => others().length === 0, { what: "it has left" });
  expect(troubles).toEqual([]);
});
