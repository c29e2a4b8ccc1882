import type { IncomingMessage, ServerResponse } from "node:http";
import { readClientMessages, type ClientMessages } from "../protocol/client-frame.ts";
import { GatewayError, refusalOf } from "../protocol/errors.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";
import type { Outlet, Session } from "../protocol/session.ts";
import { accepts, prefersHtml } from "./accept.ts";
import { readJsonBody } from "./body.ts";
import type { DownstreamContext, Visit } from "./context.ts";
import { EventStream } from "./event-stream.ts";
import { publicPrefix } from "./public-path.ts";

/** SDK clients wait three seconds by default, in which every call fails. */
const RETRY_MS = 1_000;
const NO_BODY = { "Content-Length": 0 };

/**
 * HTTP+SSE (MCP 2024-11-05, transports): a GET opens the stream and with it the session; the client POSTs its messages to the
 * endpoint announced on the stream. The session ends with the stream.
 */
export class SseDownstream {
  readonly #context: DownstreamContext;

  constructor(context: DownstreamContext) {
    this.#context = context;
  }

  /** `path` is the requested path; the client posts its messages to the same path. */
  open(request: IncomingMessage, response: ServerResponse, visit: Visit, path: string): void {
    const { accept } = request.headers;
    // A browser accepts anything, but it is no MCP client.
    if (!accepts(accept, "text/event-stream") || prefersHtml(accept)) {
      throw new GatewayError("not_acceptable", "This URL is an event stream: send Accept: text/event-stream.");
    }
    const endpoint = publicPrefix(request, this.#context.publicPath) + path;
    this.#context.sessions.open({
      ...visit,
      transport: "sse",
      outlet: (session) => this.#outlet(session, response, endpoint),
    });
  }

  async post(request: IncomingMessage, response: ServerResponse, visit: Visit, sessionId: string): Promise<void> {
    const { sessions, bodies } = this.#context;
    const session = sessions.find(visit.principal, visit.server, sessionId, "sse");
    const messages = readClientMessages(await readJsonBody(request, bodies, visit.principal));
    try {
      const received = session.receive(messages, visit);
      if (received instanceof Promise) await received;
    } catch (error) {
      throw refusalOf(error, idOf(messages));
    }
    response.writeHead(202, NO_BODY).end();
  }

  #outlet(session: Session, response: ServerResponse, endpoint: string): Outlet {
    const stream = new EventStream(response, this.#context.streams, {
      onClogged: () => session.pause(),
      onDrained: () => session.resume(),
      onClosed: () => void session.close("client closed"),
    });
    // A path only: clients refuse an endpoint of another origin, and behind a proxy we do not know ours.
    stream.announce(`${endpoint}?sessionId=${session.id}`, RETRY_MS);
    return {
      // Always connected, because the session ends with its stream.
      isConnected: true,
      deliver: (frame) => stream.send(frame.line),
      ended: () => stream.end(),
    };
  }
}

/** The id of the first request or response. */
function idOf({ frames }: ClientMessages): RequestId | undefined {
  for (const frame of frames) if (frame.kind !== "notification") return frame.id;
  return undefined;
}
