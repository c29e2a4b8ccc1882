import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { DocumentContext } from "./openapi/context.ts";
import type { Edge } from "./route.ts";
import { writeRpcError } from "./rpc-error.ts";

/** The routes that are rarely used, in Express, which takes as long to load as the rest of the gateway. */
export class LazyPages {
  readonly #context: DocumentContext;
  readonly #edge: Edge;
  #app: Promise<RequestListener> | undefined;

  constructor(context: DocumentContext, edge: Edge) {
    this.#context = context;
    this.#edge = edge;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      (await this.load())(request, response);
    } catch (thrown) {
      this.#edge.refuse(thrown, request, response, writeRpcError);
    }
  }

  load(): Promise<RequestListener> {
    this.#app ??= this.#load();
    return this.#app;
  }

  async #load(): Promise<RequestListener> {
    try {
      const { createPages } = await import("./pages.ts");
      return createPages(this.#context, this.#edge);
    } catch (cause) {
      // A failed load may be retried.
      this.#app = undefined;
      throw cause;
    }
  }
}
