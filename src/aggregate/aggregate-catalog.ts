import type { ToolCatalog, Tool, ToolList } from "../protocol/tool.ts";
import type { Aggregate } from "./aggregate.ts";
import type { NameTable } from "./table.ts";

/** The catalogue with the endpoints in front of several servers, whose lists are made of those of their servers. */
export class AggregateCatalog implements ToolCatalog {
  readonly #catalog: ToolCatalog;
  readonly #find: (name: string) => Aggregate | undefined;
  readonly #lists = new WeakMap<NameTable, ToolList>();

  constructor(catalog: ToolCatalog, find: (name: string) => Aggregate | undefined) {
    this.#catalog = catalog;
    this.#find = find;
  }

  cached(server: string): ToolList | undefined {
    const aggregate = this.#find(server);
    return aggregate === undefined ? this.#catalog.cached(server) : this.#listOf(aggregate);
  }

  look(server: string): ToolList | undefined {
    const aggregate = this.#find(server);
    if (aggregate === undefined) return this.#catalog.look(server);
    return aggregate.gather() === undefined ? this.#listOf(aggregate) : undefined;
  }

  list(server: string): Promise<ToolList> {
    const aggregate = this.#find(server);
    if (aggregate === undefined) return this.#catalog.list(server);
    return (aggregate.gather() ?? Promise.resolve()).then(() => this.#listOf(aggregate));
  }

  async refresh(server: string): Promise<ToolList> {
    const aggregate = this.#find(server);
    if (aggregate === undefined) return this.#catalog.refresh(server);
    await Promise.allSettled(aggregate.servers.map((name) => this.#catalog.refresh(name)));
    return this.#listOf(aggregate);
  }

  #listOf(aggregate: Aggregate): ToolList {
    const { table, name: server } = aggregate;
    const known = this.#lists.get(table);
    if (known !== undefined) return known;
    const tools = [...table.tools.values()].flatMap((entry): [string, Tool][] => {
      const tool = this.#catalog.cached(entry.server)?.tools.get(entry.name);
      if (tool === undefined) return [];
      const { publicName: name, listed } = entry;
      return [[name, { ...tool, server, name, listed, description: aggregate.description(entry) ?? tool.description }]];
    });
    const list: ToolList = {
      server,
      initializeResult: aggregate.overview,
      tools: new Map(tools),
      prompts: [...table.prompts.values()].map(({ listed }) => listed),
      resources: [...table.resources.values()].map(({ listed }) => listed),
      resourceTemplates: [...table.resourceTemplates.values()].map(({ listed }) => listed),
    };
    this.#lists.set(table, list);
    return list;
  }
}
