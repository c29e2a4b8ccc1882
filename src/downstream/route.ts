import type { IncomingMessage, ServerResponse } from "node:http";
import type { ErrorWriter, Refuse } from "./refusals.ts";

/** Some paths, what is served there, and how errors are told there. */
export interface Route<Target> {
  /** What a request is for; undefined when its path is not one of this route's. */
  readonly match: (request: IncomingMessage) => Target | undefined;
  /** With a promise where it can fail later. */
  readonly serve: (request: IncomingMessage, response: ServerResponse, target: Target) => Promise<void> | void;
  readonly errorWriter: (target: Target) => ErrorWriter;
}

/** What every request meets before it is served. Throws what is refused; false when the request is answered with that. */
export type Enter = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Takes a request on; false when its path belongs to another route. */
export type Take = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface Edge {
  readonly enter: Enter;
  readonly refuse: Refuse;
}

export function mount<Target>({ match, serve, errorWriter }: Route<Target>, { enter, refuse }: Edge): Take {
  return (request, response) => {
    const target = match(request);
    if (target === undefined) return false;
    try {
      if (!enter(request, response)) return true;
      const served = serve(request, response, target);
      served?.catch((thrown: unknown) => refuse(thrown, request, response, errorWriter(target)));
    } catch (thrown) {
      refuse(thrown, request, response, errorWriter(target));
    }
    return true;
  };
}
