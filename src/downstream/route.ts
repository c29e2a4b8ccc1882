import type { IncomingMessage, ServerResponse } from "node:http";
import type { ErrorWriter, Refuse } from "./refusals.ts";

/** A set of paths, their implementation, and their error format. */
export interface Route<Target> {
  /** The target of a request; undefined when its path does not belong to this route. */
  readonly match: (request: IncomingMessage) => Target | undefined;
  /** Returns a promise if it can fail asynchronously. */
  readonly serve: (request: IncomingMessage, response: ServerResponse, target: Target) => Promise<void> | void;
  readonly errorWriter: (target: Target) => ErrorWriter;
}

/** The checks before every request. Throws when the request is refused; false when the request is already answered. */
export type Enter = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Handles a request; false when its path belongs to another route. */
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
