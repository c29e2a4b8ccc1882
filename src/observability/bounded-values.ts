const OTHER = "other";

/** The first values of a label that comes from outside; all further ones are `other`. */
export class BoundedValues {
  readonly #max: number;
  readonly #values = new Set<string>();

  constructor(max = 200) {
    this.#max = max;
  }

  of(value: string): string {
    if (this.#values.has(value)) return value;
    if (this.#values.size >= this.#max || value.length > 128) return OTHER;
    this.#values.add(value);
    return value;
  }
}
