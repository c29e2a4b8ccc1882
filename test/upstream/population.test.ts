import { describe, expect, it } from "vitest";
import { Population } from "../../src/upstream/population.ts";

describe("a population", () => {
  it("has room until one server has its share", () => {
    const population = new Population({ all: 10, perServer: 2 });
    population.add("a");
    expect(population.hasRoom("a")).toBe(true);
    population.add("a");
    expect([population.hasRoom("a"), population.hasRoom("b")]).toEqual([false, true]);
  });

  it("has no room when all servers together have theirs", () => {
    const population = new Population({ all: 2, perServer: 2 });
    population.add("a");
    population.add("b");
    expect([population.hasRoom("a"), population.hasRoom("c")]).toEqual([false, false]);
  });

  it("has room again when a process is gone", () => {
    const population = new Population({ all: 1, perServer: 1 });
    population.add("a");
    population.remove("a");
    expect(population.hasRoom("a")).toBe(true);
  });
});
