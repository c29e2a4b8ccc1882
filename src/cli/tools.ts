import { isObject, member, type JsonObject } from "../lib/json.ts";
import { clip, someText } from "../lib/text.ts";
import { toGatewayError, type GatewayError } from "../protocol/errors.ts";
import type { Tool } from "../protocol/tool.ts";
import { listedTools, type ListedTools } from "./listed-tools.ts";
import { checkServer, withServers, type Shell, type ShellFlags } from "./shell.ts";

const REQUEST_ID = "tools";
const DESCRIPTION = 160;

type Outcome = { readonly server: string } & (ListedTools | { readonly error: GatewayError });

/** Prints the tools of all servers, or of one. False when some could not be listed. */
export async function tools(server: string | undefined, flags: ShellFlags): Promise<boolean> {
  return withServers(flags, process.env, async (shell) => {
    const { servers, config } = shell.gateway;
    const { names } = servers;
    const asked = server === undefined ? names : [checkServer(server, [...names, ...Object.keys(config.groups)])];
    const outcomes = await listAll(asked, shell);
    shell.bar.hide();
    const text = flags.json === true ? `${JSON.stringify(outcomes.map(asJson), undefined, 2)}\n` : asText(outcomes);
    process.stdout.write(text);
    for (const outcome of outcomes) {
      if ("error" in outcome) process.stderr.write(`server "${outcome.server}": ${outcome.error.message}\n`);
      else for (const warning of outcome.warnings) process.stderr.write(`server "${outcome.server}": ${warning}\n`);
    }
    return outcomes.every((outcome) => !("error" in outcome));
  });
}

function listAll(servers: readonly string[], { gateway, bar, caller }: Shell): Promise<Outcome[]> {
  const waiting = new Set(servers);
  const show = (): void => bar.show(`starting ${clip([...waiting].join(", "), 60)}`);
  show();
  return Promise.all(
    servers.map(async (server): Promise<Outcome> => {
      try {
        const client = gateway.connectTo(server, REQUEST_ID, caller);
        try {
          return { server, ...(await listedTools(client, REQUEST_ID)) };
        } finally {
          void client.session.close("client closed");
        }
      } catch (thrown) {
        return { server, error: toGatewayError(thrown) };
      } finally {
        waiting.delete(server);
        if (waiting.size > 0) show();
      }
    }),
  );
}

function asJson(outcome: Outcome): object {
  const { server } = outcome;
  if ("error" in outcome) return { server, error: { code: outcome.error.restCode, message: outcome.error.message } };
  const { serverInfo, instructions } = outcome.initializeResult;
  const listed = Array.from(outcome.tools.values(), (tool) => tool.listed);
  return { server, serverInfo, ...(instructions !== undefined && { instructions }), tools: listed };
}

function asText(outcomes: readonly Outcome[]): string {
  const parts = outcomes.flatMap((outcome) => ("error" in outcome ? [] : [serverText(outcome.server, outcome)]));
  return parts.length === 0 ? "" : `${parts.join("\n\n")}\n`;
}

function serverText(server: string, { initializeResult: { serverInfo }, tools: listed }: ListedTools): string {
  const about = [someText(member(serverInfo, "name")), someText(member(serverInfo, "version"))];
  const known = about.filter((text) => text !== undefined).join(" ");
  const head = known === "" ? server : `${server} (${clip(known, 80)})`;
  if (listed.size === 0) return `${head}\n  no tools`;
  return [head, ...Array.from(listed.values(), toolText)].join("\n");
}

function toolText(tool: Tool): string {
  const about = tool.description ?? tool.title;
  const parameters = parametersOf(tool.inputSchema);
  return [
    `  ${someText(tool.name) ?? JSON.stringify(tool.name)}`,
    ...(about === undefined ? [] : [`      ${clip(about.replaceAll(/\s+/g, " "), DESCRIPTION)}`]),
    ...(parameters === "" ? [] : [`      ${parameters}`]),
  ].join("\n");
}

/** `path: string, depth?: integer` */
function parametersOf(schema: unknown): string {
  const properties = member(schema, "properties");
  if (!isObject(properties)) return "";
  const required = member(schema, "required");
  const isRequired = (name: string): boolean => Array.isArray(required) && required.includes(name);
  const written = Object.entries(properties).map(([name, property]) => {
    const shown = someText(name) ?? JSON.stringify(name);
    return `${shown}${isRequired(name) ? "" : "?"}: ${typeOf(property)}`;
  });
  return clip(written.join(", "), DESCRIPTION * 2);
}

function typeOf(property: unknown): string {
  const [type, values, constant] = ["type", "enum", "const"].map((key) => member(property, key));
  if (Array.isArray(values)) return clip(values.map((value) => JSON.stringify(value)).join(" | "), 80);
  if (constant !== undefined) return clip(JSON.stringify(constant), 80);
  if (type === "array") return arrayType(property);
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  const known = types.flatMap((one) => someText(one) ?? []);
  return known.length === 0 ? "any" : clip(known.join(" | "), 80);
}

function arrayType(property: unknown): string {
  const items: JsonObject | undefined =
    isObject(property) && isObject(property["items"]) ? property["items"] : undefined;
  const type = someText(items?.["type"]);
  return type === undefined ? "array" : `${clip(type, 40)}[]`;
}
