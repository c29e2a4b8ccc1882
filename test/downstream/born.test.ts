import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Express, Request, Response } from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bornExpress } from "../../src/downstream/born.ts";

let app: Express;
let server: Server;
beforeEach(async () => {
  ({ app, server } = bornExpress({}));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => server.close());

describe("a request and its response", () => {
  it("are born with the prototypes that express would give them", async () => {
    const born: object[] = [];
    server.prependListener("request", (request, response) => {
      born.push(Object.getPrototypeOf(request), Object.getPrototypeOf(response));
    });
    const inHandler: object[] = [];
    app.get("/", (request, response) => {
      inHandler.push(Object.getPrototypeOf(request), Object.getPrototypeOf(response));
      response.end();
    });
    await ask("/");
    expect(born).toHaveLength(2);
    expect(born[0]).toBe(app.request);
    expect(born[1]).toBe(app.response);
    expect(inHandler[0]).toBe(app.request);
    expect(inHandler[1]).toBe(app.response);
  });

  it("have their prototypes set to nothing else on their way", async () => {
    const original = Object.setPrototypeOf;
    const changes: object[] = [];
    Object.setPrototypeOf = <T>(object: T, prototype: object | null): T => {
      const isChange = Object.getPrototypeOf(object) !== prototype;
      if (isChange && "httpVersion" in (object as object)) changes.push(object as object);
      return original(object, prototype) as T;
    };
    try {
      app.get("/", (_request, response) => void response.send("x"));
      await ask("/");
    } finally {
      Object.setPrototypeOf = original;
    }
    expect(changes).toEqual([]);
  });

  it("can do what express lets them do", async () => {
    app.set("query parser", "simple");
    app.get("/a/:name", (request: Request, response: Response) => {
      response
        .status(201)
        .set("X-Own", "yes")
        .json({
          path: request.path,
          params: request.params,
          query: request.query,
          host: request.hostname,
          protocol: request.protocol,
          header: request.get("x-asked"),
          accepts: request.accepts("json"),
          isSame: request.res === response && response.req === request,
          app: request.app === app,
        });
    });
    const { status, headers, text } = await ask("/a/b%20c?d=e", { "x-asked": "f" });
    expect([status, headers.get("x-own"), headers.get("content-type")]).toEqual([
      201,
      "yes",
      "application/json; charset=utf-8",
    ]);
    expect(JSON.parse(text)).toEqual({
      path: "/a/b%20c",
      params: { name: "b c" },
      query: { d: "e" },
      host: "127.0.0.1",
      protocol: "http",
      header: "f",
      accepts: "json",
      isSame: true,
      app: true,
    });
  });

  it("reach express's own handling of errors and unknown paths", async () => {
    app.get("/fails", () => {
      throw Object.assign(new Error("no"), { status: 418 });
    });
    app.use((error: { status: number }, _request: Request, response: Response, _next: unknown) => {
      response.status(error.status).send("caught");
    });
    expect(await ask("/fails")).toMatchObject({ status: 418, text: "caught" });
    expect(await ask("/nowhere")).toMatchObject({ status: 404 });
  });
});

it("two apps know nothing of each other's requests", () => {
  const other = bornExpress({});
  expect(other.app.request).not.toBe(app.request);
  expect(other.app.response).not.toBe(app.response);
});

async function ask(path: string, headers: Record<string, string> = {}) {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { ...headers, connection: "close" } });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
