import { isObject } from "../lib/json.ts";
import { withIds, withProgressToken, withResponseId } from "../protocol/eras/ids.ts";
import {
  isProgressToken,
  type NotificationFrame,
  type ProgressToken,
  type RequestFrame,
  type ResponseFrame,
} from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";

/** For clients that never respond: beyond it the oldest are forgotten. */
const MAX_OPEN = 256;

interface Ask<L> {
  readonly link: L;
  /** As its server chose them. */
  readonly id: RequestId;
  readonly token: ProgressToken | undefined;
}

/** What servers ask the client of a session (sampling, elicitation, roots), under ids that no two of them share. */
export class ServerAsks<L> {
  #lastId = 0;
  readonly #open = new Map<RequestId, Ask<L>>();

  /** The request as the client gets it: its id is also its progress token, if it has one. */
  ask(link: L, frame: RequestFrame): RequestFrame {
    const id = ++this.#lastId;
    const meta = frame.params?.["_meta"];
    const token = isObject(meta) ? meta["progressToken"] : undefined;
    const [oldest] = this.#open.keys();
    if (this.#open.size >= MAX_OPEN && oldest !== undefined) this.#open.delete(oldest);
    this.#open.set(id, { link, id: frame.id, token: isProgressToken(token) ? token : undefined });
    return withIds(frame, id);
  }

  /** The response as the server gets it that has asked; undefined when none waits for it. */
  answer(frame: ResponseFrame): { readonly link: L; readonly frame: ResponseFrame } | undefined {
    const ask = this.#open.get(frame.id);
    if (ask === undefined) return undefined;
    this.#open.delete(frame.id);
    return { link: ask.link, frame: withResponseId(frame, ask.id) };
  }

  /** The progress of the client as the server gets it that has asked. */
  progress(frame: NotificationFrame): { readonly link: L; readonly frame: NotificationFrame } | undefined {
    const token = frame.params?.["progressToken"];
    const ask = isProgressToken(token) ? this.#open.get(token) : undefined;
    if (ask?.token === undefined) return undefined;
    return { link: ask.link, frame: withProgressToken(frame, ask.token) };
  }

  /** The server does not wait any more for what it has asked under its id: the id that the client knows. */
  withdraw(link: L, id: unknown): RequestId | undefined {
    for (const [own, ask] of this.#open) {
      if (ask.link !== link || ask.id !== id) continue;
      this.#open.delete(own);
      return own;
    }
    return undefined;
  }

  /** All that a server has asked: its connection is gone. */
  withdrawAll(link: L): RequestId[] {
    const own = [...this.#open].flatMap(([id, ask]) => (ask.link === link ? [id] : []));
    for (const id of own) this.#open.delete(id);
    return own;
  }

  has(link: L): boolean {
    for (const ask of this.#open.values()) if (ask.link === link) return true;
    return false;
  }
}
