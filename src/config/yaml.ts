import { stringify } from "yaml";

/** YAML without anchors and folded lines, so that documents can be compared line by line. */
export function toYaml(value: unknown): string {
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
}
