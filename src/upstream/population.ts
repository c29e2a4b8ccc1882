export interface Caps {
  readonly all: number;
  readonly perServer: number;
}

/** Counts the server processes, so that pre-warmed ones stay within the limits on sessions. */
export class Population {
  readonly #caps: Caps;
  readonly #of = new Map<string, number>();
  #all = 0;

  constructor(caps: Caps) {
    this.#caps = caps;
  }

  add(server: string): void {
    this.#add(server, 1);
  }

  remove(server: string): void {
    this.#add(server, -1);
  }

  hasRoom(server: string): boolean {
    return this.#all < this.#caps.all && (this.#of.get(server) ?? 0) < this.#caps.perServer;
  }

  #add(server: string, change: 1 | -1): void {
    this.#all += change;
    this.#of.set(server, (this.#of.get(server) ?? 0) + change);
  }
}
