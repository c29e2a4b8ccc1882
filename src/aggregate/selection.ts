import { globMatcher, type Matches } from "../lib/glob.ts";
import type { GroupConfig } from "./config.ts";
import type { Aim } from "./naming.ts";

/** A pattern or a name written `name` or `server:name`; the server ends at the first colon, and `\:` is a colon of the name. */
export interface SplitName {
  readonly server: string | undefined;
  readonly name: string;
}

export function splitName(text: string): SplitName {
  const colon = /^(?:[^\\:]|\\.)*:/s.exec(text)?.[0];
  if (colon === undefined) return { server: undefined, name: text };
  return { server: colon.slice(0, -1), name: text.slice(colon.length) };
}

export type NamedKind = "tool" | "prompt";

/** What of its servers an endpoint has, and under which names. */
export interface Selection {
  /** Whether there can be any. */
  readonly offers: Readonly<Record<"tools" | "prompts" | "resources", boolean>>;
  has(kind: NamedKind, aim: Aim): boolean;
  hasResource(uri: string): boolean;
  /** The name that the config gives it. */
  renamed(aim: Aim): string | undefined;
  description(aim: Aim): string | undefined;
}

export const EVERYTHING: Selection = {
  offers: { tools: true, prompts: true, resources: true },
  has: () => true,
  hasResource: () => true,
  renamed: () => undefined,
  description: () => undefined,
};

/** When one of the three lists is given, what has no list is left out. */
export function selectionOf({ tools, prompts, resources, rename, description }: GroupConfig): Selection {
  const isWhole = tools === undefined && prompts === undefined && resources === undefined;
  const named = { tool: (tools ?? []).map(namedMatcher), prompt: (prompts ?? []).map(namedMatcher) };
  const uris = (resources ?? []).map(globMatcher);
  const [names, texts] = [new Map(Object.entries(rename)), new Map(Object.entries(description))];
  const offers = (list: readonly string[] | undefined): boolean => isWhole || (list ?? []).length > 0;
  return {
    offers: { tools: offers(tools), prompts: offers(prompts), resources: offers(resources) },
    has: (kind, aim) => isWhole || named[kind].some((matches) => matches(aim)),
    hasResource: (uri) => isWhole || uris.some((matches) => matches(uri)),
    renamed: (aim) => textFor(names, aim),
    description: (aim) => textFor(texts, aim),
  };
}

function namedMatcher(pattern: string): (aim: Aim) => boolean {
  const { server, name } = splitName(pattern);
  const isServer: Matches = server === undefined ? () => true : globMatcher(server);
  const isName = globMatcher(name);
  const isWhole = globMatcher(pattern);
  // A name may contain a colon: `a:b` is also the tool `a:b` of any server.
  return (aim) => (isServer(aim.server) && isName(aim.name)) || (server !== undefined && isWhole(aim.name));
}

const textFor = (texts: ReadonlyMap<string, string>, { server, name }: Aim): string | undefined =>
  texts.size === 0 ? undefined : (texts.get(`${server}:${name}`) ?? texts.get(name));
