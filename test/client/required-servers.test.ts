import { describe, expect, it } from "vitest";
import { RequiredServers } from "../../src/client/required-servers.ts";
import { noEntries } from "../../src/protocol/entry-reader.ts";
import type { ToolCatalog, ToolList } from "../../src/protocol/tool.ts";
import { until } from "../helpers/until.ts";

const list = (server: string): ToolList => ({ server, initializeResult: {}, tools: new Map(), ...noEntries });

function catalogThat(answers: (server: string) => Promise<ToolList>): ToolCatalog {
  const none = (): undefined => undefined;
  return { cached: none, look: none, list: answers, refresh: answers };
}

describe("required servers", () => {
  it("are down until each has answered, and are asked until they have", async () => {
    const asked: string[] = [];
    let isBroken = true;
    const servers = new RequiredServers({
      names: ["git", "db"],
      retryMs: 10,
      works: () => undefined,
      catalog: catalogThat((server) => {
        asked.push(server);
        return server === "db" && isBroken ? Promise.reject(new Error("no")) : Promise.resolve(list(server));
      }),
    });
    expect(servers.check()?.reason).toContain("2 required servers");
    servers.start();
    await until(() => asked.filter((name) => name === "db").length > 3, {
      deadlineMs: 5_000,
      what: "it is asked again",
    });
    expect(servers.check()).toMatchObject({ refuses: true });
    // For everybody: no names.
    expect(servers.check()?.reason).not.toContain("db");
    isBroken = false;
    await until(() => servers.check() === undefined, { deadlineMs: 5_000, what: "both have answered" });
    servers.stop();
    expect(asked.filter((name) => name === "git")).toHaveLength(1);
  });

  it("are down again when a start has failed", async () => {
    let works = true;
    const servers = new RequiredServers({
      names: ["git"],
      works: () => works,
      catalog: catalogThat(async (server) => list(server)),
    });
    servers.start();
    await until(() => servers.check() === undefined, { deadlineMs: 5_000, what: "it has answered" });
    works = false;
    expect(servers.check()).toBeDefined();
    servers.stop();
  });

  it("are no concern when there are none", () => {
    const servers = new RequiredServers({
      names: [],
      works: () => undefined,
      catalog: catalogThat(() => Promise.reject()),
    });
    servers.start();
    expect(servers.check()).toBeUndefined();
    servers.stop();
  });
});
