import type { ToolList } from "../protocol/tool.ts";
import { Listings } from "./listings.ts";
import { NameTable, type TableOptions } from "./table.ts";

/** The table of names and the texts of the lists, made anew only when a server's list is another one. */
export class Lists {
  readonly #options: TableOptions;
  readonly #listOf: (server: string) => ToolList | undefined;
  #known: readonly (ToolList | undefined)[] | undefined;
  #table: NameTable;
  #listings: Listings;

  constructor(options: TableOptions, listOf: (server: string) => ToolList | undefined) {
    this.#options = options;
    this.#listOf = listOf;
    this.#table = new NameTable(options, []);
    this.#listings = new Listings(this.#table);
  }

  get table(): NameTable {
    this.#renew();
    return this.#table;
  }

  get listings(): Listings {
    this.#renew();
    return this.#listings;
  }

  /** Those that are known, in the order of the config. */
  get known(): readonly ToolList[] {
    return this.#options.servers.flatMap((server) => this.#listOf(server) ?? []);
  }

  #renew(): void {
    const { servers } = this.#options;
    const known = this.#known;
    if (known !== undefined && servers.every((server, index) => this.#listOf(server) === known[index])) return;
    const lists = servers.map(this.#listOf);
    this.#known = lists;
    this.#table = new NameTable(
      this.#options,
      lists.filter((list) => list !== undefined),
    );
    this.#listings = new Listings(this.#table);
  }
}
