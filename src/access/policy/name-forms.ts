import { canonicalUri } from "../../lib/canonical-uri.ts";
import { folded } from "../../lib/lookalikes.ts";

/** A name that is decided on, in the forms in which patterns compare it; each made once, however many patterns there are. */
export class NameForms {
  readonly written: string;
  #folded: string | undefined;
  #canonical: string | undefined;
  #foldedCanonical: string | undefined;

  constructor(written: string) {
    this.written = written;
  }

  /** The same for all spellings. */
  get folded(): string {
    this.#folded ??= folded(this.written);
    return this.#folded;
  }

  /** What a server may take a URI for. */
  get canonical(): string {
    this.#canonical ??= canonicalUri(this.written);
    return this.#canonical;
  }

  get foldedCanonical(): string {
    this.#foldedCanonical ??= folded(this.canonical);
    return this.#foldedCanonical;
  }
}
