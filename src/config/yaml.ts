import { stringify } from "yaml";

/** A value as YAML: no anchors, no folded lines, so that documents compare line by line. */
export function toYaml(value: unknown): string {
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
}
