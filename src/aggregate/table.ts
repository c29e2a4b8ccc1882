import { globMatcher, type Matches } from "../lib/glob.ts";
import { member, type JsonObject } from "../lib/json.ts";
import { methods } from "../protocol/methods.ts";
import type { ToolList } from "../protocol/tool.ts";
import { serverInUri, templateGlob, uriWithServer, type Aim, type Naming } from "./naming.ts";
import type { Routes } from "./routes.ts";
import type { NamedKind, Selection } from "./selection.ts";

export interface TableOptions {
  /** In the order of the config. */
  readonly servers: readonly string[];
  readonly naming: Naming;
  readonly selection: Selection;
  /** Undefined where plain names lead nowhere. */
  readonly routes: Routes | undefined;
}

/** An entry of a list: what it is called here, whose it is, and how it is shown. */
interface Entry extends Aim {
  readonly publicName: string;
  readonly listed: JsonObject;
}

/** By public name, in the order of the lists. */
export type Entries = ReadonlyMap<string, Entry>;

interface Template {
  readonly server: string;
  readonly matches: Matches;
}

/** What the endpoint answers itself, whatever a route for every method says. */
const OWN_METHODS: ReadonlySet<string> = new Set([
  methods.initialize,
  methods.ping,
  methods.setLevel,
  methods.listTools,
  methods.listPrompts,
  methods.listResources,
  methods.listTemplates,
]);

/** Nothing has a longer name, and looking for it would only take time. */
const MAX_NAME = 16 * 1024;

/** A name that several servers have. */
const AMBIGUOUS = "ambiguous";

/** What the servers behind an endpoint list, under the names that it has here. Made anew when one of the lists changes. */
export class NameTable {
  readonly tools: Entries;
  readonly prompts: Entries;
  readonly resources: Entries;
  readonly resourceTemplates: Entries;
  readonly #options: TableOptions;
  readonly #plain: Readonly<Record<NamedKind, ReadonlyMap<string, Aim | typeof AMBIGUOUS>>>;
  readonly #listed: Readonly<Record<NamedKind, ReadonlySet<string>>>;
  readonly #templates: readonly Template[];
  /** The only server whose resources have this scheme. */
  readonly #schemes = new Map<string, string>();
  /** Servers that offer resources. */
  readonly #offering: readonly string[];

  /** `lists` has those that are known, in the order of the servers. */
  constructor(options: TableOptions, lists: readonly ToolList[]) {
    this.#options = options;
    const tools = lists.flatMap(({ server, tools: listed }) =>
      [...listed.values()].map(({ name, listed: entry }) => ({ server, name, entry })),
    );
    const prompts = lists.flatMap(({ server, prompts: listed }) =>
      listed.flatMap((entry) => keyed(server, entry, "name")),
    );
    this.tools = this.#named("tool", tools);
    this.prompts = this.#named("prompt", prompts);
    this.resources = this.#located(lists, "resources", "uri");
    this.resourceTemplates = this.#located(lists, "resourceTemplates", "uriTemplate");
    this.#plain = { tool: plainOf(this.tools), prompt: plainOf(this.prompts) };
    this.#listed = { tool: aimsOf(this.tools), prompt: aimsOf(this.prompts) };
    this.#templates = [...this.resourceTemplates.values()].map(({ server, name }) => ({
      server,
      matches: globMatcher(templateGlob(name)),
    }));
    for (const { server, name } of [...this.resources.values(), ...this.resourceTemplates.values()]) {
      const scheme = schemeOf(name);
      const known = this.#schemes.get(scheme);
      this.#schemes.set(scheme, known === undefined || known === server ? server : AMBIGUOUS);
    }
    this.#offering = lists.flatMap(({ server, initializeResult }) =>
      member(initializeResult["capabilities"], "resources") === undefined ? [] : server,
    );
  }

  /** The tool or prompt that a client means. `server:name` is always that of the server. One that its server does not list may be there all the same. */
  find(kind: NamedKind, text: string): Aim | undefined {
    if (text.length > MAX_NAME) return undefined;
    const entry = (kind === "tool" ? this.tools : this.prompts).get(text);
    if (entry !== undefined) return entry;
    const { naming, selection, routes } = this.#options;
    const readings = [...naming.readings(text)].filter((aim) => selection.has(kind, aim));
    const sure = readings.find((aim) => isSure(aim, text) || this.#listed[kind].has(keyOf(aim)));
    if (sure !== undefined) return sure;
    const route = routes?.find(METHODS[kind], text);
    if (route !== undefined) return { server: route, name: text };
    const plain = this.#plain[kind].get(text);
    return readings[0] ?? (plain === AMBIGUOUS ? undefined : plain) ?? this.#ofTheOne(kind, text);
  }

  /** What a client means that names something which is on no list. */
  findUnlisted(kind: NamedKind, text: string): Aim | undefined {
    const { naming, selection, routes } = this.#options;
    const [first, ...others] = [...naming.readings(text)].filter((aim) => selection.has(kind, aim));
    const sure = [first, ...others].find((aim) => aim !== undefined && isSure(aim, text));
    if (sure !== undefined) return sure;
    const route = routes?.find(METHODS[kind], text);
    return route === undefined ? (first ?? this.#ofTheOne(kind, text)) : { server: route, name: text };
  }

  /** The resource that a client means, or the resource template; `name` is its URI there. */
  findUri(text: string): Aim | undefined {
    if (text.length > MAX_NAME) return undefined;
    const isNamed = this.#serverIn(text) !== undefined;
    const entry = isNamed ? undefined : (this.resources.get(text) ?? this.resourceTemplates.get(text));
    return entry ?? this.findUnlistedUri(text);
  }

  /** The resource that is meant by a URI which is on no list. */
  findUnlistedUri(text: string): Aim | undefined {
    const { selection, routes } = this.#options;
    const named = this.#serverIn(text);
    if (named !== undefined) return selection.hasResource(named.name) ? named : undefined;
    const route = routes?.find(methods.readResource, text);
    if (route !== undefined) return { server: route, name: text };
    if (!selection.hasResource(text)) return undefined;
    const server = this.#templates.find(({ matches }) => matches(text))?.server ?? this.#ofScheme(text) ?? this.#only;
    return server === undefined ? undefined : { server, name: text };
  }

  /** The server that is in a URI, and the URI there. */
  #serverIn(text: string): Aim | undefined {
    const named = serverInUri(text);
    const isMember = named !== undefined && this.#options.servers.includes(named.server);
    return isMember ? { server: named.server, name: named.uri } : undefined;
  }

  /** Where requests of a method go that are about nothing with a name. */
  routeOf(method: string): string | undefined {
    if (OWN_METHODS.has(method)) return undefined;
    return this.#options.routes?.find(method, undefined) ?? this.#theOne;
  }

  /** Where there is one server only, it is clear whose everything is. */
  get #theOne(): string | undefined {
    const { servers } = this.#options;
    return servers.length === 1 ? servers[0] : undefined;
  }

  #ofTheOne(kind: NamedKind, name: string): Aim | undefined {
    const server = this.#theOne;
    const aim = server === undefined ? undefined : { server, name };
    return aim !== undefined && this.#options.selection.has(kind, aim) ? aim : undefined;
  }

  #ofScheme(uri: string): string | undefined {
    const server = this.#schemes.get(schemeOf(uri));
    return server === AMBIGUOUS ? undefined : server;
  }

  get #only(): string | undefined {
    return this.#offering.length === 1 ? this.#offering[0] : undefined;
  }

  #named(kind: NamedKind, found: readonly Keyed[]): Entries {
    const { naming, selection } = this.#options;
    const entries = new Map<string, Entry>();
    const selected = found.filter((aim) => selection.has(kind, aim));
    // Names that the config gives come before those that are made.
    const wanted = selected.map((aim) => selection.renamed(aim) ?? naming.nameOf(aim));
    const given = new Set(selected.flatMap((aim) => selection.renamed(aim) ?? []));
    for (const [index, aim] of selected.entries()) {
      const name = wanted[index] ?? "";
      const isTaken = entries.has(name) || (given.has(name) && selection.renamed(aim) !== name);
      const publicName = isTaken ? naming.hashed(aim) : name;
      if (entries.has(publicName)) continue;
      const description = kind === "tool" ? selection.description(aim) : undefined;
      const listed = { ...aim.entry, name: publicName, ...(description !== undefined && { description }) };
      entries.set(publicName, { publicName, server: aim.server, name: aim.name, listed });
    }
    return entries;
  }

  #located(lists: readonly ToolList[], key: "resources" | "resourceTemplates", uriKey: string): Entries {
    const { selection } = this.#options;
    const entries = new Map<string, Entry>();
    for (const list of lists) {
      for (const { server, name, entry } of list[key].flatMap((each) => keyed(list.server, each, uriKey))) {
        if (!selection.hasResource(name)) continue;
        // What reads like another server's would be taken for it.
        const isTaken = entries.has(name) || this.#serverIn(name) !== undefined;
        const publicName = isTaken ? uriWithServer(server, name) : name;
        const listed = publicName === name ? entry : { ...entry, [uriKey]: publicName };
        entries.set(publicName, { publicName, server, name, listed });
      }
    }
    return entries;
  }
}

interface Keyed extends Aim {
  readonly entry: JsonObject;
}

function keyed(server: string, entry: JsonObject, key: string): Keyed[] {
  const name = entry[key];
  return typeof name === "string" ? [{ server, name, entry }] : [];
}

const METHODS = { tool: methods.callTool, prompt: methods.getPrompt } as const;

/** With a colon, which server names do not contain, a name can be read in one way only. */
const isSure = ({ server }: Aim, text: string): boolean => text.startsWith(":", server.length);

const keyOf = ({ server, name }: Aim): string => `${server}\n${name}`;

const aimsOf = (entries: Entries): ReadonlySet<string> => new Set([...entries.values()].map(keyOf));

function plainOf(entries: Entries): ReadonlyMap<string, Aim | typeof AMBIGUOUS> {
  const plain = new Map<string, Aim | typeof AMBIGUOUS>();
  for (const { server, name } of entries.values()) plain.set(name, plain.has(name) ? AMBIGUOUS : { server, name });
  return plain;
}

const schemeOf = (uri: string): string => uri.slice(0, Math.max(0, uri.indexOf(":"))).toLowerCase();
