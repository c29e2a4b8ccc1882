import type { JsonObject } from "../../src/lib/json.ts";
import type { GatewayError } from "../../src/protocol/errors.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import type { RequestId } from "../../src/protocol/jsonrpc.ts";
import { anonymous } from "../../src/protocol/principal.ts";
import type { Connect, ServerSettings, UpstreamListener } from "../../src/protocol/upstream.ts";
import { connectAnyEra } from "../../src/session/era-upstream.ts";
import { ServerEras } from "../../src/session/server-eras.ts";
import { clientMessages, fakeEvents, FakeServer, settingsOf } from "./fakes.ts";

export const INITIALIZE = {
  id: 0,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: { elicitation: {}, sampling: {}, roots: { listChanged: true } },
    clientInfo: { name: "c", version: "1" },
  },
};
export const REFUSAL = { code: -32022, message: "no", data: { supported: ["2026-07-28"], requested: "2025-11-25" } };
const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  logging: {},
};
const SERVER_INFO = { name: "s", version: "1" };
export const DISCOVERED = {
  resultType: "complete",
  supportedVersions: ["2026-07-28"],
  capabilities: CAPABILITIES,
  _meta: { "io.modelcontextprotocol/serverInfo": SERVER_INFO },
};
export const INITIALIZED_AS = { protocolVersion: "2025-11-25", capabilities: CAPABILITIES, serverInfo: SERVER_INFO };

export interface Sent {
  readonly id?: RequestId;
  readonly method?: string;
  readonly params?: JsonObject & { readonly _meta?: JsonObject };
}

/** The session's side of an upstream, which records what it hears. */
class Heard implements UpstreamListener {
  readonly messages: unknown[] = [];
  readonly errors: [RequestId | undefined, GatewayError][] = [];
  readonly ends: GatewayError[] = [];

  frame(frame: Frame): void {
    const { jsonrpc: _version, ...message } = JSON.parse(frame.line.toString()) as JsonObject;
    this.messages.push(message);
  }

  badMessage(id: RequestId | undefined, error: GatewayError): void {
    this.errors.push([id, error]);
  }

  ended(error: GatewayError): void {
    this.ends.push(error);
  }
}

/** The upstream of one legacy client, and the processes behind it. */
export function anyEra(era: ServerSettings["era"] = "auto", refuse?: (start: number) => GatewayError | undefined) {
  const servers: FakeServer[] = [];
  const { events, emitted } = fakeEvents();
  const connect: Connect = (_destination, listener) => {
    const error = refuse?.(servers.length);
    if (error !== undefined) throw error;
    const server = new FakeServer(listener);
    servers.push(server);
    return server;
  };
  const eras = new ServerEras({
    connect,
    settingsOf: () => ({ ...settingsOf(), era }),
    clientVersion: "1",
    emit: events.emit,
  });
  const connectAny = connectAnyEra({ connect, eras, heldBytes: 1_000, emit: events.emit });
  const open = () => {
    const heard = new Heard();
    const before = servers.length;
    const upstream = connectAny({ server: "s", sessionId: "1", principal: anonymous }, heard);
    const say = (message: object): void => clientMessages(message).frames.forEach((frame) => upstream.send(frame));
    /** The process with this number, counted from the opening of this upstream. */
    const at = (index: number): FakeServer => {
      const server = servers[before + index];
      if (server === undefined) throw new Error(`there is no process ${index}`);
      return server;
    };
    const sent = (index = 0): Sent[] => at(index).sent as Sent[];
    const last = (index = 0): Sent => sent(index).at(-1) ?? {};
    /** The process responds to what it was sent last. */
    const answers = (answer: object, index = 0): void => at(index).says({ id: last(index).id, ...answer });
    return { upstream, heard, say, at, sent, last, answers };
  };
  return { open, eras, servers, emitted };
}

/** After the handshake with a modern server; nothing of that is in what was heard and sent. */
export function modern(discovered: object = DISCOVERED, params: object = INITIALIZE.params) {
  const all = anyEra("modern").open();
  all.say({ ...INITIALIZE, params });
  all.answers({ result: discovered });
  all.heard.messages.length = 0;
  all.sent().length = 0;
  return all;
}
