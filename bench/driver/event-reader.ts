import { TextCollector } from "./text-collector.ts";

/** Cuts a stream of server-sent events into events (WHATWG HTML §9.2, with \n as line end, which is what we and the ideal send). */
export class EventReader {
  readonly #onEvent: (event: string, length: number) => void;
  readonly #begun = new TextCollector();
  #endsWithBreak = false;

  /** Of an event longer than 64 KiB only the ends are told. */
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

/** The text after the first `data: `; of an event without data, nothing. */
export function dataOf(event: string): string {
  const at = event.indexOf("data: ");
  return at === -1 ? "" : event.slice(at + 6);
}
