import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { newId, RestClient } from "../helpers/rest-client.ts";

// What a REST caller is told of a mistake: what was meant, where to list what there is, and in JSON the line and the column.

let gateway: GatewayProcess;
let rest: RestClient;

beforeAll(async () => {
  gateway = await startGateway({ servers: { echo: fixture("echo"), weather: fixture("echo") } });
  rest = new RestClient(gateway.url);
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe("a name that is none", () => {
  test.each([
    ["/api/wether", 'No such server. Did you mean "weather"? GET /api lists them.', "weather"],
    ["/api/ehco/openapi.json", 'No such server. Did you mean "echo"? GET /api lists them.', "echo"],
    [
      "/api/echo/progres",
      'The server "echo" has no such tool. Did you mean "progress"? GET /api/echo lists its tools.',
      "progress",
    ],
  ])("%s is answered with the one that was meant", async (path, detail, didYouMean) => {
    const { status, text } = await rest.ask(path);
    expect(status).toBe(404);
    expect(JSON.parse(text)).toMatchObject({ detail, didYouMean });
  });

  test("in a call, too", async () => {
    const { status, json } = await rest.call("echo/ehco", {}, { sessionId: newId() });
    expect({ status, json }).toMatchObject({ status: 404, json: { code: "tool_not_found", didYouMean: "echo" } });
  });

  test("and far from all others is answered with where to list them", async () => {
    const { text } = await rest.ask("/api/echo/something-else");
    expect(JSON.parse(text)).toMatchObject({
      detail: 'The server "echo" has no such tool. GET /api/echo lists its tools.',
    });
    expect(text).not.toContain("didYouMean");
  });
});

test("an argument that is misspelt is answered with the one that was meant, and where the schema is", async () => {
  const { status, json } = await rest.call("echo/echo", { mesage: "hi" }, { sessionId: newId() });
  expect({ status, json }).toMatchObject({
    status: 422,
    json: {
      detail:
        "The arguments do not match the tool's schema at /message: must have required property 'message'. " +
        'Did you mean "message" instead of "mesage"? GET /api/echo/echo gives the schema.',
    },
  });
});

test("a body that is no JSON is answered with the line and the column", async () => {
  const { status, text } = await rest.ask(`/api/echo/echo?sessionId=${newId()}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{\n  "message": "hi",\n}',
  });
  expect(status).toBe(400);
  expect(JSON.parse(text)).toMatchObject({
    title: "Invalid JSON",
    detail: 'The body is not valid JSON: line 3, column 1 has "}" where a name in double quotes is expected.',
  });
});
