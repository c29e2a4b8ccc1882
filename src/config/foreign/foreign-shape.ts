import type { YAMLMap } from "yaml";
import type { Rewriting } from "./rewriting.ts";

/** The config file of another gateway. */
export interface ForeignShape {
  /** Of the gateway, as its users know it. */
  readonly name: string;
  /** Where it listens unless its config says otherwise. */
  readonly port: number;
  /** The key with its list of servers. */
  readonly list: string;
  /** Keys that only its configs have, with a dot between a block and its key. */
  readonly marks: readonly string[];
  /** Turns its keys into ours, within the document. */
  readonly rewrite: (root: YAMLMap, rewriting: Rewriting) => void;
}
