import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { refusals, type ErrorWriter } from "../../src/downstream/refusals.ts";
import { GatewayError } from "../../src/protocol/errors.ts";
import type { GatewayEvent } from "../../src/protocol/events.ts";
import { ask } from "../helpers/http.ts";

const emitted: GatewayEvent[] = [];
const writePage: ErrorWriter = ({ status }, _request, response) => void response.writeHead(status).end("a page");
const refuse = refusals((event) => emitted.push(event), writePage);
const writeName: ErrorWriter = ({ reason, status }, _request, response) => void response.writeHead(status).end(reason);
const closing: (() => void)[] = [];

afterEach(() => {
  emitted.length = 0;
  for (const close of closing.splice(0)) close();
});

async function serving(handle: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    response.setHeader("X-Request-Id", "the-request");
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/path/?x=1`;
}

it("a failed request is logged once, and answered by the writer of its route", async () => {
  const error = new GatewayError("queue_full", "Too much waits.", { retryAfterMs: 1_500 });
  const url = await serving((request, response) => refuse(error, request, response, writeName));
  const { status, headers, body } = await ask(url, { method: "POST" });
  expect({ status, body }).toEqual({ status: 503, body: "queue_full" });
  expect(headers).toMatchObject({ "retry-after": "2", "cache-control": "no-store" });
  const address = "127.0.0.1";
  const path = "/some/path";
  expect(emitted).toEqual([{ type: "refused", requestId: "the-request", method: "POST", path, address, error }]);
});

it("a person with a browser gets a page, and it is logged the same", async () => {
  const error = new GatewayError("not_found", "Nothing.");
  const url = await serving((request, response) => refuse(error, request, response, writeName));
  const { status, body } = await ask(url, { headers: { accept: "text/html,*/*;q=0.8" } });
  expect({ status, body }).toEqual({ status: 404, body: "a page" });
  expect(emitted).toMatchObject([{ type: "refused", error }]);
});

it("an answer that has begun is cut, so that nobody takes half of it for the whole", async () => {
  const url = await serving((request, response) => {
    response.writeHead(200).write("half");
    refuse(new Error("a defect"), request, response, writeName);
  });
  await expect(ask(url)).rejects.toThrow(/aborted|hang up/);
  expect(emitted).toMatchObject([{ type: "refused", error: { reason: "internal" } }]);
});

it("the connection is closed when the writer fails", async () => {
  const url = await serving((request, response) => {
    refuse(new GatewayError("not_found", "Nothing."), request, response, () => {
      throw new Error("a defect of the writer");
    });
  });
  await expect(ask(url)).rejects.toThrow(/aborted|hang up/);
  expect(emitted.map(({ type }) => type)).toEqual(["refused", "trouble"]);
});

it("a caller without a scope is told every one that it needs, and where tokens are", async () => {
  const error = new GatewayError("insufficient_scope", "It needs more.", {
    scopes: ["files:read", 'a "b"', "files:write"],
  });
  const offering = refusals(
    (event) => emitted.push(event),
    writePage,
    () => "https://mcp.example.com/metadata",
  );
  const challengeBy = async (refuser: typeof refuse): Promise<unknown> => {
    const url = await serving((request, response) => refuser(error, request, response, writeName));
    const { status, headers } = await ask(url);
    return [status, headers["www-authenticate"]];
  };
  const challenge =
    'Bearer realm="MCP Gateway", error="insufficient_scope", error_description="The access token lacks a scope", scope="files:read files:write"';
  expect(await challengeBy(refuse)).toEqual([403, challenge]);
  expect(await challengeBy(offering)).toEqual([
    403,
    `${challenge}, resource_metadata="https://mcp.example.com/metadata"`,
  ]);
});

it("only a Bearer challenge names the metadata", async () => {
  const error = new GatewayError("unauthorized", "No.", { challenges: ['Bearer realm="x"', 'Basic realm="x"'] });
  const offering = refusals(
    (event) => emitted.push(event),
    writePage,
    () => "https://mcp.example.com/metadata",
  );
  const url = await serving((request, response) => offering(error, request, response, writeName));
  const { headers } = await ask(url);
  expect(headers["www-authenticate"]).toBe(
    'Bearer realm="x", resource_metadata="https://mcp.example.com/metadata", Basic realm="x"',
  );
});
