import { describe, expect, it } from "vitest";
import { type Member, Population } from "../../src/upstream/population.ts";

const member = (): Member => ({ facts: undefined });

describe("a population", () => {
  it("has room until one server has its share", () => {
    const population = new Population({ all: 10, perServer: 2 });
    population.add("a", member());
    expect(population.hasRoom("a")).toBe(true);
    population.add("a", member());
    expect([population.hasRoom("a"), population.hasRoom("b")]).toEqual([false, true]);
  });

  it("has no room when all servers together have theirs", () => {
    const population = new Population({ all: 2, perServer: 2 });
    population.add("a", member());
    population.add("b", member());
    expect([population.hasRoom("a"), population.hasRoom("c")]).toEqual([false, false]);
  });

  it("has room again when a process is gone", () => {
    const population = new Population({ all: 1, perServer: 1 });
    const process = member();
    population.add("a", process);
    population.remove("a", process);
    expect(population.hasRoom("a")).toBe(true);
  });

  it("knows its processes, without those that never got a pid", () => {
    const population = new Population({ all: 9, perServer: 9 });
    const facts = { pid: 7, server: "a", sessionId: "s", principal: "basic:alice", state: "used" } as const;
    population.add("a", { facts });
    population.add("b", member());
    expect(population.facts()).toEqual([facts]);
  });
});
