import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { RedisStore } from "../../src/cluster/redis.ts";
import type { GatewayEvent } from "../../src/protocol/events.ts";
import { freePort, startRedis, withoutRedis } from "../helpers/redis.ts";
import { until } from "../helpers/until.ts";

describe.skipIf(withoutRedis !== undefined)("a store in Redis", () => {
  it("reports once that it is lost, is ready again after a restart, and reports that too", async () => {
    await using redis = await startRedis();
    const { store, events } = await connected(redis.url);
    expect(store.isReady).toBe(true);
    await redis.stop();
    await until(() => !store.isReady, { what: "the loss is noticed" });
    await expect(store.client.ping()).rejects.toThrow(/./);
    await redis.start();
    await until(() => store.isReady, { deadlineMs: 10_000, what: "it is back" });
    expect(await store.client.ping()).toBe("PONG");
    expect(events.map(({ type }) => type)).toEqual(["store.lost", "store.back"]);
    store.close();
  });

  it("that answers too late is not ready until it answers again", async () => {
    await using redis = await startRedis();
    const { store, events } = await connected(redis.url);
    redis.freeze();
    const startedAt = performance.now();
    await expect(store.client.get("x")).rejects.toThrow(/timed out/i);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    store.suspect();
    store.suspect();
    expect(store.isReady).toBe(false);
    redis.thaw();
    await until(() => store.isReady, { deadlineMs: 10_000, what: "it answers again" });
    expect(events.map(({ type }) => type)).toEqual(["store.lost", "store.back"]);
    store.close();
  });

  it("refuses a wrong password at the start, and says so without repeating it", async () => {
    await using redis = await startRedis("--requirepass", "right-password");
    const url = redis.url.replace("//", "//:wrong-password@");
    const error = await refusal(url);
    expect(error.message).toMatch(/WRONGPASS|invalid/i);
    expect(`${error.message} ${error.stack}`).not.toContain("wrong-password");
  });
});

describe("a connection that cannot be made", () => {
  it("is refused with the reason when nobody listens", async () => {
    const error = await refusal(`redis://127.0.0.1:${await freePort()}`);
    expect(error.message).toContain("ECONNREFUSED");
  });

  it("is given up when somebody listens and says nothing, or something else than Redis", async () => {
    const silent = await listening(() => undefined);
    expect((await refusal(silent.url)).message).toMatch(/within 500 ms|timed ?out/i);
    silent.server.close();
    const other = await listening((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect((await refusal(other.url)).message).not.toBe("");
    other.server.close();
  });
});

async function connected(url: string): Promise<{ store: RedisStore; events: GatewayEvent[] }> {
  const events: GatewayEvent[] = [];
  const store = await RedisStore.connect({ url, emit: (event) => void events.push(event) });
  return { store, events };
}

async function refusal(url: string): Promise<Error> {
  try {
    const { store } = await connectedWithin(url, 500);
    store.close();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("it was connected");
}

const connectedWithin = async (url: string, connectMs: number): Promise<{ store: RedisStore }> => ({
  store: await RedisStore.connect({ url, connectMs, emit: () => undefined }),
});

async function listening(serve: (socket: Socket) => void): Promise<{ server: Server; url: string }> {
  const server = createServer(serve).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { server, url: `redis://127.0.0.1:${address.port}` };
}
