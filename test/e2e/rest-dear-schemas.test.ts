import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask } from "../helpers/http.ts";
import { fixture, startGateway } from "../helpers/gateway.ts";
import { newId, problem, RestClient, textIn, type RestAnswer } from "../helpers/rest-client.ts";

// Schemas are untrusted: however expensive one is to compile and to check, no other request waits for it.

let gateway: Awaited<ReturnType<typeof startGateway>>;
let rest: RestClient;
const sessionId = newId();
const items = Array.from({ length: 3_000 }, () => ({}));

beforeAll(async () => {
  gateway = await startGateway({
    rest: { validateOutput: "strict" },
    servers: { dear: fixture("dear-schemas"), echo: fixture("echo") },
  });
  rest = new RestClient(gateway.url);
  textIn(await rest.call("dear/plain", { a: "x" }, { sessionId }));
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** The response, and how many health checks succeeded before it. */
async function answerAmongOthers(call: Promise<RestAnswer>): Promise<{ answer: RestAnswer; others: number }> {
  let others = 0;
  for (;;) {
    const health = ask(`${gateway.url}/health`);
    const answer = await Promise.race([call, health.then(() => undefined)]);
    if (answer !== undefined) return { answer, others };
    expect(await health).toMatchObject({ status: 200 });
    others++;
  }
}

describe("while a schema costs too much to check arguments against it", () => {
  test("the gateway answers others, and then lets the server judge", async () => {
    const { answer, others } = await answerAmongOthers(rest.call("dear/doubling", { a: "x" }, { sessionId }));
    expect(answer.status).toBe(200);
    expect(others).toBeGreaterThan(5);
  });

  test("neighbours have their own checked", async () => {
    const calls = Array.from({ length: 8 }, () => rest.call("dear/many-branches", { items }, { sessionId }));
    expect(await rest.call("echo/echo", { message: 1 })).toMatchObject(problem(422, "invalid_arguments"));
    for (const { status } of await Promise.all(calls)) expect([200, 422]).toContain(status);
  });
});

test("a result whose schema costs too much is not checked", async () => {
  const { answer, others } = await answerAmongOthers(rest.call("dear/output", {}, { sessionId }));
  expect(answer.status).toBe(200);
  expect(others).toBeGreaterThan(5);
});

test.each([
  ["many-properties", {}],
  ["too-many-properties", {}],
  ["many-branches", { items }],
  ["url", { a: `http://${"a".repeat(80_000)}` }],
  ["async", { a: 1 }],
])("a call of %s is answered", async (tool, args) => {
  expect([200, 422]).toContain((await rest.call(`dear/${tool}`, args, { sessionId })).status);
});

test("the log says once that a schema is not checked", async () => {
  for (const _again of [1, 2, 3]) {
    expect(await rest.call("dear/doubling", { a: "x" }, { sessionId })).toMatchObject({ status: 200 });
  }
  const about = (tool: string): number => gateway.log().split(`inputSchema of the tool "${tool}"`).length - 1;
  expect([about("doubling"), about("plain")]).toEqual([1, 0]);
});
