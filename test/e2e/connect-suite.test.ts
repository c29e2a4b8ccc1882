import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dropper, type Dropper } from "../helpers/dropper.ts";
import { realServer, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { everythingAt, type RemoteServer } from "../helpers/remote-server.ts";
import { SDKS, suiteClient, type SuiteClient } from "../helpers/suite-client.ts";
import { until } from "../helpers/until.ts";

// One suite of checks for `mcp-gateway connect`, driven by the stdio clients of both SDKs: to servers over a good line, and over a
// bad one, where one connection of three is reset (right at its beginning, or in the middle of a request or an answer) and the others
// are closed after 400 ms, with whatever is on its way.

const TOKEN = "token-of-the-gateway";
const env = { MCP_GATEWAY_TOKEN: TOKEN };
const ARGS = ["--retry-delay", "100ms", "--retries", "50"];
/** Far less than the 60 s after which an SDK gives a request up. */
const SOON_MS = 25_000;

const PATHS = {
  "this gateway": "/everything/mcp",
  "this gateway, over HTTP+SSE": "/everything/sse",
  "server-everything": "/mcp",
  "server-everything, over HTTP+SSE": "/sse",
} as const;
type Name = keyof typeof PATHS;
const NAMES = Object.keys(PATHS) as Name[];
/** HTTP+SSE has no way to go on after a stream was cut (MCP 2024-11-05, transports): the session ends with it. */
const RESUMABLE = NAMES.filter((name) => !name.includes("SSE"));

let gateway: GatewayProcess;
let streamable: RemoteServer;
let sse: RemoteServer;
let bad: readonly Dropper[];

beforeAll(async () => {
  [gateway, streamable, sse] = await Promise.all([
    startGateway({ auth: { bearer: { tokens: [TOKEN] } }, servers: { everything: realServer("server-everything") } }),
    everythingAt("streamableHttp"),
    everythingAt("sse"),
  ]);
  bad = await Promise.all(NAMES.map((name) => dropper({ port: portOf(name), nth: 3 })));
});
afterAll(async () => {
  await Promise.all(bad.map((line) => line[Symbol.asyncDispose]()));
  await Promise.all([gateway, streamable, sse].map((one) => one[Symbol.asyncDispose]()));
});

function portOf(name: Name): number {
  if (name.startsWith("this")) return gateway.port;
  return Number(new URL((name.includes("SSE") ? sse : streamable).url).port);
}

const lines: readonly (readonly ["good" | "bad", Name])[] = [
  ...NAMES.map((name) => ["good", name] as const),
  ...RESUMABLE.map((name) => ["bad", name] as const),
];

function connect(sdk: (typeof SDKS)[number], line: "good" | "bad", name: Name): Promise<SuiteClient> {
  const port = line === "good" ? portOf(name) : bad[NAMES.indexOf(name)]?.port;
  return suiteClient(sdk, [`http://127.0.0.1:${port}${PATHS[name]}`, ...ARGS], env);
}

describe.each(lines.flatMap(([line, name]) => SDKS.map((sdk) => [line, name, sdk] as const)))(
  "through connect and a %s line, %s has for the client of SDK %s",
  (line, name, sdk) => {
    test("tools, resources with subscriptions, prompts and completion", async () => {
      await using client = await connect(sdk, line, name);
      expect(await client.tools()).toContain("echo");
      expect(await steadily(() => client.call("echo", { message: "hi" }))).toBe("Echo: hi");
      expect(await client.prompt("args-prompt", { city: "Paris" })).toContain("Paris");
      expect(await client.completion("completable-prompt", "department", "E")).toEqual(["Engineering"]);
      const uri = "demo://resource/dynamic/text/1";
      expect(await client.read(uri)).toContain(uri);
      await client.subscribe(uri);
      const what = "the client hears of the change";
      const toggled = async (): Promise<boolean> => {
        // A call whose connection was reset may have run: then this turns the updates off, and the next one on.
        await steadily(() => client.call("toggle-subscriber-updates"));
        return until(() => client.updated.includes(uri), { what, deadlineMs: 8_000 });
      };
      await until(toggled, { what, deadlineMs: 35_000 });
    }, 60_000);

    test("samples, words and roots that it asks for, and progress", async () => {
      await using client = await connect(sdk, line, name);
      await until(async () => (await client.tools()).includes("get-roots-list"), {
        what: "the tools that ask are there",
        deadlineMs: SOON_MS,
      });
      for (const prompt of ["six times seven", "seven times six"]) {
        const sample = { prompt, maxTokens: 10 };
        expect(await steadily(() => client.call("trigger-sampling-request", sample))).toMatch(
          new RegExp(`sampled: .*${prompt}`, "s"),
        );
        expect(await steadily(() => client.call("trigger-elicitation-request"))).toContain("Ada");
        await until(async () => (await steadily(() => client.call("get-roots-list"))).includes("ada"), {
          what: "the server has the roots",
          deadlineMs: SOON_MS,
        });
      }
      const long = { duration: 1.2, steps: 3 };
      let attempt = 0;
      const narrated = (): Promise<string> => client.call("trigger-long-running-operation", long, `try ${++attempt}`);
      expect(await steadily(narrated)).toContain("completed");
      const heard = (): string[] => client.steps.filter((step) => step.startsWith(`try ${attempt}:`));
      // The tool is harmless, so that a call which was cut off is repeated: then both runs tell their steps.
      const distinct = (): string[] => [...new Set(heard())];
      await until(() => distinct().length >= 3, { what: "each step is told" });
      expect(distinct()).toEqual([1, 2, 3].map((step) => `try ${attempt}: ${step}`));
    }, 120_000);
  },
);

test("through connect and a bad line, calls over HTTP+SSE are answered, or fail with a clear error and soon", async () => {
  await using client = await connect("v1", "bad", "server-everything, over HTTP+SSE");
  let answered = 0;
  const unclear: string[] = [];
  const tryEach = async (): Promise<boolean> => {
    const long = { duration: 1, steps: 2 };
    const calls = [client.call("echo", { message: "x" }), client.call("trigger-long-running-operation", long)];
    for (const outcome of await Promise.allSettled(calls.map((made) => inTime(() => made)))) {
      if (outcome.status === "fulfilled") answered++;
      else if (!/forgotten the session|broke off|could not be reached/.test(String(outcome.reason)))
        unclear.push(String(outcome.reason));
    }
    return answered > 5;
  };
  await until(tryEach, { what: "some are answered", deadlineMs: 60_000 });
  expect(unclear).toEqual([]);
}, 120_000);

test("the bad lines were bad", () => {
  for (const name of RESUMABLE) expect(bad[NAMES.indexOf(name)]?.dropped).toBeGreaterThan(3);
});

/** A call that may have run is not repeated for the caller: its error says so, and soon. */
async function steadily(run: () => Promise<string>): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await inTime(run);
    } catch (error) {
      if (attempt === 8 || !String(error).includes("broke off")) throw error;
    }
  }
}

async function inTime(run: () => Promise<string>): Promise<string> {
  const startedAt = performance.now();
  const [outcome] = await Promise.allSettled([run()]);
  if (performance.now() - startedAt > SOON_MS) throw new Error("The caller is told too late.");
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}
