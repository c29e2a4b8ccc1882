/** Up to this size a text is kept whole, beyond it only its two ends: what is checked stands there. */
const WHOLE = 64 * 1024;
const ENDS = 512;

/** Gathers the pieces of a body or an event without paying for its size. */
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

  /** The text, or the ends of a long one. Begins anew. */
  take(): string {
    const text = this.#pieces.length === 1 ? (this.#pieces[0] ?? "") : this.#pieces.join("");
    const taken = this.#tail === undefined ? text : `${text}…${this.#tail}`;
    this.#pieces = [];
    this.#tail = undefined;
    this.length = 0;
    return taken;
  }
}
