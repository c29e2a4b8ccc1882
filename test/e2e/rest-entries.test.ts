import { describe, expect, test } from "vitest";
import { fixture, startGateway } from "../helpers/gateway.ts";
import { newId, RestClient } from "../helpers/rest-client.ts";

// Settings for calls, in a server's entry or under `rest`.

describe("the calls of one session", () => {
  test("run one after the other where the entry says serial, and together elsewhere", async () => {
    await using gateway = await startGateway({
      servers: { serial: fixture("one-at-a-time", { serial: true }), free: fixture("one-at-a-time") },
    });
    const rest = new RestClient(gateway.url);
    const together = async (server: string): Promise<number> => {
      const sessionId = newId();
      const calls = Array.from({ length: 8 }, () => rest.call(`${server}/busy`, { ms: 50 }, { sessionId }));
      const answers = await Promise.all(calls);
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
      return Math.max(...answers.map(({ text }) => Number(/"text":"(\d+)"/.exec(text)?.[1])));
    };
    expect(await together("serial")).toBe(1);
    expect(await together("free")).toBeGreaterThan(1);
  });

  test("have the time that the entry gives them", async () => {
    await using gateway = await startGateway({
      servers: { hasty: fixture("one-at-a-time", { timeout: "200ms" }), patient: fixture("one-at-a-time") },
    });
    const rest = new RestClient(gateway.url);
    const hasty = await rest.call("hasty/busy", { ms: 10_000 }, { sessionId: newId() });
    expect(hasty).toMatchObject({ status: 504, json: { code: "call_timeout" } });
    expect((await rest.call("patient/busy", { ms: 400 }, { sessionId: newId() })).status).toBe(200);
  });
});

describe("a structured result that does not match its schema", () => {
  test.each([
    ["strict", 502],
    ["warn", 200],
    ["off", 200],
  ])("is, with rest.validateOutput %s, a %d", async (validateOutput, status) => {
    await using gateway = await startGateway({ rest: { validateOutput }, servers: { more: fixture("promises-more") } });
    const rest = new RestClient(gateway.url);
    const sessionId = newId();
    expect((await rest.call("more/breaks", {}, { sessionId })).status).toBe(status);
    expect((await rest.call("more/keeps", {}, { sessionId })).status).toBe(200);
    expect((await rest.call("more/fails", {}, { sessionId })).status).toBe(200);
    expect(gateway.log().includes("does not match its schema")).toBe(validateOutput !== "off");
  });
});
