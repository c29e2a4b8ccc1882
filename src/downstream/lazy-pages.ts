import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Refuse } from "./http.ts";
import type { DocumentContext } from "./openapi/routes.ts";

/** Everything that is not busy, in Express, which takes as long to load as all the rest of a start. */
export class LazyPages {
  readonly #context: DocumentContext;
  readonly #refuse: Refuse;
  #app: Promise<RequestListener> | undefined;

  constructor(context: DocumentContext, refuse: Refuse) {
    this.#context = context;
    this.#refuse = refuse;
  }

  readonly route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    (await this.load())(request, response);
  };

  load(): Promise<RequestListener> {
    this.#app ??= this.#load();
    return this.#app;
  }

  async #load(): Promise<RequestListener> {
    try {
      const { createPages } = await import("./pages.ts");
      return createPages(this.#context, this.#refuse);
    } catch (cause) {
      // What failed once may be tried again.
      this.#app = undefined;
      throw cause;
    }
  }
}
