import type { JsonObject } from "../../lib/json.ts";
import { acknowledgement, covers, honoredFilter, tagged, type ListenFilter } from "../../protocol/eras/listen.ts";
import type { NotificationFrame, RequestFrame } from "../../protocol/frame.ts";
import type { RequestId } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";

export interface ListenHost {
  /** Sends a notification to the client of a listen. */
  tell(frame: NotificationFrame): void;
  /** Asks the server on the gateway's own behalf; the answer does not matter. */
  ask(method: string, params: JsonObject): void;
}

/** The characters of all URIs that the listens of one process may name together. */
const MAX_CHARACTERS = 1024 * 1024;

/** Serves `subscriptions/listen` for a server of an older revision, which has subscriptions to single resources instead. */
export class Listens {
  readonly #host: ListenHost;
  readonly #byId = new Map<RequestId, ListenFilter>();
  /** How many listens name a URI. */
  readonly #uris = new Map<string, number>();
  #characters = 0;

  constructor(host: ListenHost) {
    this.#host = host;
  }

  get size(): number {
    return this.#byId.size;
  }

  open({ id, params }: RequestFrame, capabilities: JsonObject): void {
    const asked = honoredFilter(params, capabilities);
    const filter = { ...asked, resourceSubscriptions: this.#fitting(asked.resourceSubscriptions) };
    this.#byId.set(id, filter);
    // First, because a server may announce something before it answers `resources/subscribe`.
    this.#host.tell(acknowledgement(id, filter));
    for (const uri of filter.resourceSubscriptions) this.#subscribe(uri);
  }

  /** The server has forgotten what it was asked. */
  renew(): void {
    for (const uri of this.#uris.keys()) this.#host.ask(methods.subscribe, { uri });
  }

  /** False when there is no such listen. */
  close(id: RequestId): boolean {
    const filter = this.#byId.get(id);
    if (filter === undefined) return false;
    this.#byId.delete(id);
    for (const uri of filter.resourceSubscriptions) this.#unsubscribe(uri);
    return true;
  }

  /** Passes an announcement of the server on to those who listen for it. */
  announce(frame: NotificationFrame): void {
    for (const [id, filter] of this.#byId) {
      if (covers(filter, frame)) this.#host.tell(tagged(frame.method, frame.params, id));
    }
  }

  #fitting(uris: readonly string[]): string[] {
    return uris.filter((uri) => {
      if (this.#characters + uri.length > MAX_CHARACTERS) return false;
      this.#characters += uri.length;
      return true;
    });
  }

  #subscribe(uri: string): void {
    const count = this.#uris.get(uri) ?? 0;
    this.#uris.set(uri, count + 1);
    if (count === 0) this.#host.ask(methods.subscribe, { uri });
  }

  #unsubscribe(uri: string): void {
    this.#characters -= uri.length;
    const count = this.#uris.get(uri) ?? 0;
    if (count > 1) return void this.#uris.set(uri, count - 1);
    this.#uris.delete(uri);
    this.#host.ask(methods.unsubscribe, { uri });
  }
}
