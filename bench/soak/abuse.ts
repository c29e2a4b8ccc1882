import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Lanes, withBody } from "../driver/lanes.ts";
import { callPieces, hello, INITIALIZED } from "../driver/rpc.ts";
import { ECHO } from "../driver/session.ts";
import { TOKEN } from "../gateway-config.ts";
import type { Target } from "../targets.ts";
import type { Chance } from "./visit.ts";

/** A misbehaving client, and the ends it may meet. */
export interface Abuse {
  readonly name: string;
  readonly ends: readonly string[];
  readonly run: (gateway: Target, chance: Chance) => Promise<string>;
}

const JSON_BODY = ["Content-Type: application/json", "Accept: application/json, text/event-stream"];
/** A client that is still writing may see a refusal as a connection reset. */
const CUT = ["read ECONNRESET", "write EPIPE", "write ECONNRESET", "the connection was closed"];

export const ABUSES: readonly Abuse[] = [
  {
    name: "no token",
    ends: ["status 401", "status 429"],
    run: (gateway) => post(gateway, "/echo/mcp", hello(1), "wrong"),
  },
  { name: "unknown server", ends: ["status 404"], run: (gateway) => post(gateway, "/nobody/mcp", hello(1)) },
  {
    name: "unknown session",
    ends: ["status 404"],
    run: (gateway) => post(gateway, "/echo?sessionId=nobody", hello(1)),
  },
  { name: "no JSON", ends: ["status 400"], run: (gateway) => post(gateway, "/echo/mcp", "{]") },
  { name: "deep JSON", ends: ["status 400"], run: (gateway) => post(gateway, "/echo/mcp", "[".repeat(50_000)) },
  { name: "too big", ends: ["status 413", ...CUT], run: (gateway) => post(gateway, "/echo/mcp", "x".repeat(300_000)) },
  { name: "half a request", ends: ["left"], run: halfRequest },
  { name: "never reads", ends: ["left"], run: neverReads },
];

async function post({ port }: Target, path: string, body: string, token = TOKEN): Promise<string> {
  const lanes = new Lanes({ port, server: "echo", token });
  try {
    const { status } = await lanes.ask(withBody(lanes.head("POST", path, JSON_BODY), body));
    return `status ${status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    lanes.drop();
  }
}

async function halfRequest({ port }: Target, chance: Chance): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  socket.write(`POST /echo/mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${TOKEN}\r\n`);
  if (chance() < 0.5) socket.write('Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"jsonrpc":');
  await sleep(chance() * 2_000);
  socket.destroy();
  return "left";
}

/** Opens a stream, requests a flood, and reads nothing: the server must be paused, then the stream is cut. */
async function neverReads({ port }: Target, chance: Chance): Promise<string> {
  const lanes = new Lanes({ port, server: "floods-stdout", token: TOKEN });
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  socket.write(`${lanes.head("GET", "/floods-stdout/sse", ["Accept: text/event-stream"])}\r\n`);
  const endpoint = await new Promise<string | undefined>((resolve) => {
    let text = "";
    socket.setEncoding("latin1").on("data", (piece: string) => {
      text += piece;
      const path = /data: (\/\S+)/.exec(text)?.[1];
      if (path === undefined) return;
      socket.pause();
      resolve(path);
    });
    socket.once("close", () => resolve(undefined));
  });
  if (endpoint !== undefined) {
    const head = lanes.head("POST", endpoint, JSON_BODY);
    const [first, second, third] = callPieces({ ...ECHO, tool: "flood", before: '"count":20000,"bytes":500,' });
    for (const body of [hello(1), INITIALIZED, `${first}2${second}2${third}`]) {
      await lanes.ask(withBody(head, body)).catch(() => undefined);
    }
    await sleep(2_000 + chance() * 6_000);
  }
  socket.destroy();
  lanes.drop();
  return "left";
}
