import type { CallerHeaders } from "../../protocol/upstream.ts";
import type { RemoteOptions } from "./remote.ts";

/** No encoding is offered: an answer is relayed as it comes, and a compressed one would have no known size. */
export const POST_HEADERS: readonly string[] = [
  "content-type",
  "application/json",
  "accept",
  "application/json, text/event-stream",
];

/** The headers of the messages of one connection, put together once as long as they are the same. */
export class PostHeaders {
  readonly #options: RemoteOptions;
  #own: readonly string[] | undefined;
  #all: string[] = [];

  constructor(options: RemoteOptions) {
    this.#options = options;
  }

  /** `own` are those of the session, or those of a message that has none. Names and values in turn. */
  of(caller: CallerHeaders | undefined, own: readonly string[]): string[] {
    const { headers, remote } = this.#options;
    const forwarded = forwardedOf(caller, remote.forwarded);
    if (forwarded.length > 0) return [...POST_HEADERS, ...headers, ...forwarded, ...own];
    if (own === this.#own) return this.#all;
    this.#own = own;
    this.#all = [...POST_HEADERS, ...headers, ...own];
    return this.#all;
  }
}

const NONE: readonly string[] = [];

/** The headers of the caller's request that the entry names. */
export function forwardedOf(caller: CallerHeaders | undefined, names: readonly string[]): readonly string[] {
  if (caller === undefined || names.length === 0) return NONE;
  return names.flatMap((name) => {
    const value = caller.get(name);
    return value === undefined ? [] : [name, value];
  });
}
