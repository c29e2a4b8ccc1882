import { createServer, IncomingMessage, ServerResponse, type Server, type ServerOptions } from "node:http";
import express, { type Express } from "express";

/**
 * An Express app and a server whose requests and responses are born with the app's prototypes. Express sets them on every
 * request; on an object that was born otherwise this throws away node's inline caches and costs more than all the rest of a
 * small request. On these objects it is a no-op (test/downstream/born.test.ts looks).
 */
export function bornExpress(options: ServerOptions): { app: Express; server: Server } {
  const app = express();
  class BornRequest extends IncomingMessage {}
  class BornResponse extends ServerResponse<BornRequest> {}
  // Express made app.request inherit from express.request and node's own; the born classes slip in below them.
  app.request = inherit(BornRequest.prototype, app.request);
  app.response = inherit(BornResponse.prototype, app.response);
  const server = createServer({ ...options, IncomingMessage: BornRequest, ServerResponse: BornResponse }, app);
  return { app, server };
}

function inherit<T extends object>(born: object, parent: T): T {
  return Object.setPrototypeOf(born, parent);
}
