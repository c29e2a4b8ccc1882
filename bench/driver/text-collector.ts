/** Longer texts are reduced to their two ends, which is all that is checked. */
const WHOLE = 64 * 1024;
const ENDS = 512;

/** Collects the chunks of a body or an event at a cost independent of its size. */
export class TextCollector {
  #pieces: string[] = [];
  #tail: string | undefined;
  length = 0;

  add(piece: string): void {
    this.length += piece.length;
    if (this.#tail !== undefined) this.#tail = (this.#tail + piece.slice(-ENDS)).slice(-ENDS);
    else this.#pieces.push(piece);
    if (this.length <= WHOLE || this.#tail !== undefined) return;
    const text = this.#pieces.join("");
    this.#pieces = [text.slice(0, ENDS)];
    this.#tail = text.slice(-ENDS);
  }

  /** Returns the text, or the ends of a long one, and resets the collector. */
  take(): string {
    const text = this.#pieces.length === 1 ? (this.#pieces[0] ?? "") : this.#pieces.join("");
    const taken = this.#tail === undefined ? text : `${text}…${this.#tail}`;
    this.#pieces = [];
    this.#tail = undefined;
    this.length = 0;
    return taken;
  }
}
