import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { listTools } from "../../src/client/list-tools.ts";
import { McpClient } from "../../src/client/mcp-client.ts";
import { anonymous } from "../../src/protocol/principal.ts";
import { fakeEvents, fakeServers } from "../session/fakes.ts";
import { answer, requestsTo, sessionsOver } from "./far-side.ts";

/** More than 50 short pages need. */
const LISTING_BYTES = 10_000;

/** Lists page after page from a server, as long as pages are requested. */
async function listed(pageOf: (page: number) => object) {
  const { connect, servers } = fakeServers();
  const sessions = sessionsOver(connect, fakeEvents().events);
  const client = new McpClient(
    sessions,
    { principal: anonymous, server: "git", transport: "rest", requestId: "r" },
    { version: "1", listingBytes: LISTING_BYTES },
  );
  const listing = listTools(client, "r");
  let pages = 0;
  while (requestsTo(servers[0], "tools/list").length > pages) {
    pages++;
    answer(servers[0], "tools/list", pageOf(pages));
    await turn();
  }
  const { tools, warnings } = await listing;
  return { names: [...tools.keys()], warnings, pages, asked: requestsTo(servers[0], "tools/list") };
}

it("pages are asked for by their cursors, until there is none", async () => {
  const { names, warnings, asked } = await listed((page) => ({
    tools: [{ name: `t${page}` }],
    ...(page < 3 && { nextCursor: `after ${page}` }),
  }));
  expect(names).toEqual(["t1", "t2", "t3"]);
  expect(warnings).toEqual([]);
  expect(asked).toMatchObject([{ params: {} }, { params: { cursor: "after 1" } }, { params: { cursor: "after 2" } }]);
});

it("a list without end is cut at its pages", async () => {
  const { names, warnings } = await listed((page) => ({ tools: [{ name: `t${page}` }], nextCursor: `${page}` }));
  expect(names).toHaveLength(50);
  expect(warnings).toEqual(["its list has more than 50 pages: the rest was left out"]);
});

it("a list is cut at the bytes of all its pages, and the page that is over is not read", async () => {
  const padding = "x".repeat(LISTING_BYTES / 6);
  const { names, warnings, pages } = await listed((page) => ({
    tools: [{ name: `t${page}` }],
    nextCursor: `${page}`,
    _meta: { padding },
  }));
  expect(pages).toBe(6);
  expect(names).toEqual(["t1", "t2", "t3", "t4", "t5"]);
  expect(warnings).toEqual([
    `its list is longer than limits.messageBytes (${LISTING_BYTES} bytes): the rest was left out`,
  ]);
});

it("a list is cut where it leads back", async () => {
  const { names, warnings } = await listed((page) => ({ tools: [{ name: `t${page}` }], nextCursor: "same" }));
  expect(names).toEqual(["t1", "t2"]);
  expect(warnings).toEqual(["its list repeats a cursor: the rest was left out"]);
});
