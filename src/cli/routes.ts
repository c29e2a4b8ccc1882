import { stripVTControlCharacters } from "node:util";
import type { ToolList } from "../protocol/tool.ts";
import { routesReport } from "./routes-report.ts";
import { routesText } from "./routes-text.ts";
import { withServers, type Shell, type ShellFlags } from "./shell.ts";
import { localUrl } from "./start-table.ts";

export interface RoutesFlags extends ShellFlags {
  /** Start the servers whose lists are not known. */
  readonly ask?: boolean;
}

/** Prints all ways in: what is at which URL, who may use it, and what is in the way of something else. */
export async function routes(flags: RoutesFlags): Promise<void> {
  await withServers(flags, process.env, async (shell) => {
    const { config, gate, servers } = shell.gateway;
    const { publicUrl, hostname, port } = config;
    const report = routesReport({
      config,
      // A password in it is nobody's business.
      url: (publicUrl ?? localUrl(hostname, port)).replace(/\/$/, "").replace(/\/\/[^/]*@/, "//"),
      auth: gate.authenticates ? gate.methods : [],
      summaryOf: (server) => servers.get(server).summary,
      lists: await listsOf(flags, shell),
    });
    shell.bar.hide();
    const text = flags.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : routesText(report);
    process.stdout.write(process.stdout.isTTY ? stripVTControlCharacters(text) : text);
  });
}

/** In the order of the config. A server that cannot be asked is one that is not known. */
async function listsOf({ ask = false }: RoutesFlags, { gateway, bar }: Shell): Promise<ToolList[]> {
  const kept = new Map(gateway.keptLists().map((list) => [list.server, list]));
  if (!ask) return [...kept.values()];
  bar.show("asking the servers");
  const asked = gateway.servers.names.map((name) => gateway.catalog.list(name).catch(() => kept.get(name)));
  return (await Promise.all(asked)).filter((list) => list !== undefined);
}
