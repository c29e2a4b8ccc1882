import { TextCollector } from "./text-collector.ts";

/**
 * Splits a stream into server-sent events (WHATWG HTML §9.2, with
 * as line end, as the gateway and the ideal relay send).
 */
export class EventReader {
  readonly #onEvent: (event: string, length: number) => void;
  readonly #begun = new TextCollector();
  #endsWithBreak = false;

  /** Of an event longer than 64 KiB only the two ends are passed on. */
  constructor(onEvent: (event: string, length: number) => void) {
    this.#onEvent = onEvent;
  }

  push(piece: string): void {
    let start = 0;
    if (this.#endsWithBreak && piece.startsWith("\n")) {
      start = 1;
      this.#finish();
    }
    for (let stop = piece.indexOf("\n\n", start); stop !== -1; stop = piece.indexOf("\n\n", start)) {
      if (this.#begun.length === 0) this.#onEvent(piece.slice(start, stop), stop - start);
      else {
        this.#begun.add(piece.slice(start, stop));
        this.#finish();
      }
      start = stop + 2;
    }
    this.#endsWithBreak = start < piece.length && piece.endsWith("\n");
    if (start < piece.length) this.#begun.add(start === 0 ? piece : piece.slice(start));
  }

  #finish(): void {
    const { length } = this.#begun;
    this.#onEvent(this.#begun.take(), length);
  }
}

/** The text after the first `data: `; empty for an event without data. */
export function dataOf(event: string): string {
  const at = event.indexOf("data: ");
  return at === -1 ? "" : event.slice(at + 6);
}
