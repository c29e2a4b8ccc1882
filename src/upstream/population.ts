import type { ServerProcessFacts } from "../protocol/upstream.ts";

/** A process as it is now. */
export interface Member {
  readonly facts: ServerProcessFacts | undefined;
}

export interface Caps {
  readonly all: number;
  readonly perServer: number;
}

/** The server processes, counted so that pre-warmed ones stay within the limits on sessions. */
export class Population {
  readonly #caps: Caps;
  readonly #of = new Map<string, Set<Member>>();

  constructor(caps: Caps) {
    this.#caps = caps;
  }

  add(server: string, member: Member): void {
    const members = this.#of.get(server) ?? new Set();
    this.#of.set(server, members.add(member));
  }

  remove(server: string, member: Member): void {
    this.#of.get(server)?.delete(member);
  }

  hasRoom(server: string): boolean {
    const all = [...this.#of.values()].reduce((sum, { size }) => sum + size, 0);
    return all < this.#caps.all && (this.#of.get(server)?.size ?? 0) < this.#caps.perServer;
  }

  facts(): ServerProcessFacts[] {
    return [...this.#of.values()].flatMap((members) => [...members].flatMap(({ facts }) => facts ?? []));
  }
}
