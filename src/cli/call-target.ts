import { CallUsageError } from "./call-usage-error.ts";
import { checkServer } from "./shell.ts";

export interface CallTarget {
  readonly server: string;
  readonly tool: string;
  /** The one word with both in it; names that are too long end with a hash there. */
  readonly word?: string;
}

/** What stands between a server and its tool in a name for all servers, whatever `naming.separator` is. */
const SEPARATORS = ["__", ":"];

export interface CallNames {
  /** Of the servers. */
  readonly names: readonly string[];
  /** Of what is used like a server: the groups. */
  readonly endpoints: readonly string[];
  readonly separator: string;
}

/**
 * `server tool`, or in one word: the name that the tool has where several servers share an endpoint, or, if there is one server
 * only, just that of the tool.
 */
export function callTarget(
  [first, second]: readonly [string, string | undefined],
  { names, endpoints, separator }: CallNames,
): CallTarget {
  if (second !== undefined) return { server: checkServer(first, [...names, ...endpoints]), tool: second };
  const [only, ...others] = names;
  const target = splitBy(first, names, [separator, ...SEPARATORS]);
  if (target !== undefined) return target;
  if (only !== undefined && others.length === 0) return { server: only, tool: first };
  throw new CallUsageError(
    `which server? Write: call <server> ${first}, or call <server>${separator}${first}; the servers are ${names.join(", ")}`,
  );
}

/** The longest server that the name begins with. */
function splitBy(name: string, names: readonly string[], separators: readonly string[]): CallTarget | undefined {
  const heads = names.flatMap((server) => separators.map((separator) => ({ server, head: `${server}${separator}` })));
  const [longest] = heads
    .filter(({ head }) => name.startsWith(head) && name.length > head.length)
    .toSorted((a, b) => b.head.length - a.head.length);
  return longest === undefined
    ? undefined
    : { server: longest.server, tool: name.slice(longest.head.length), word: name };
}
