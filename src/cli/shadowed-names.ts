import { Naming } from "../aggregate/naming.ts";
import type { AggregateConfig } from "../aggregate/config.ts";
import { Routes } from "../aggregate/routes.ts";
import { EVERYTHING } from "../aggregate/selection.ts";
import { NameTable, type Entries } from "../aggregate/table.ts";
import type { ToolList } from "../protocol/tool.ts";

/** A name or a URI that several servers have. */
export interface SharedName {
  readonly kind: "tool" | "prompt" | "resource";
  readonly name: string;
  readonly servers: readonly string[];
  /** What it is called where the servers share an endpoint, in the order of the servers. */
  readonly names: readonly string[];
  /** The server that a client gets by the plain name; undefined where that is an error. */
  readonly plainly: string | undefined;
}

/** Names that several of the servers have, as far as their lists are known. */
export function sharedNames(
  { naming, routing, servers }: AggregateConfig,
  lists: readonly ToolList[],
): readonly SharedName[] {
  const names = Object.keys(servers);
  const table = new NameTable(
    {
      servers: names,
      naming: new Naming(names, naming.separator),
      selection: EVERYTHING,
      routes: routing.length === 0 ? undefined : new Routes(routing),
    },
    lists,
  );
  return [
    ...sharedIn(table.tools, "tool", (name) => table.find("tool", name)?.server),
    ...sharedIn(table.prompts, "prompt", (name) => table.find("prompt", name)?.server),
    ...sharedIn(table.resources, "resource", (uri) => table.findUri(uri)?.server),
  ];
}

function sharedIn(
  entries: Entries,
  kind: SharedName["kind"],
  plainly: (name: string) => string | undefined,
): SharedName[] {
  const byName = new Map<string, { server: string; publicName: string }[]>();
  for (const { server, name, publicName } of entries.values()) {
    const known = byName.get(name);
    if (known === undefined) byName.set(name, [{ server, publicName }]);
    else known.push({ server, publicName });
  }
  return [...byName].flatMap(([name, holders]) => {
    if (holders.length < 2) return [];
    const servers = holders.map(({ server }) => server);
    return [{ kind, name, servers, names: holders.map(({ publicName }) => publicName), plainly: plainly(name) }];
  });
}
