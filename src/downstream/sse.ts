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

const NO_BODY = { "Content-Length": 0 };

/**
 * HTTP+SSE (MCP 2024-11-05, transports): a GET opens the stream and thereby the session, POSTs to the announced endpoint
 * bring the client's messages. The session ends with the stream.
 */
export class SseDownstream {
  readonly #context: DownstreamContext;

  constructor(context: DownstreamContext) {
    this.#context = context;
  }

  /** `path` is what was asked for: the client's messages go to the same one. */
  open(request: IncomingMessage, response: ServerResponse, visit: Visit, path: string): void {
    const { accept } = request.headers;
    // A browser accepts everything, but it is no client: it would only start a server.
    if (!accepts(accept, "text/event-stream") || prefersHtml(accept)) {
      throw new GatewayError("not_acceptable", "This is an event stream: accept text/event-stream.");
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
      session.receive(messages, visit);
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
    stream.send(`${endpoint}?sessionId=${session.id}`, { event: "endpoint" });
    return {
      // The session ends with its stream.
      isConnected: true,
      deliver: (frame) => stream.send(frame.line),
      ended: () => stream.end(),
    };
  }
}

/** Of the first message that somebody waits for. */
function idOf({ frames }: ClientMessages): RequestId | undefined {
  for (const frame of frames) if (frame.kind !== "notification") return frame.id;
  return undefined;
}
