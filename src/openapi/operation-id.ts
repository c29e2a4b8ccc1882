import { hash } from "node:crypto";
import type { Tool } from "../protocol/tool.ts";

const MAX_LENGTH = 64;

/**
 * An operationId for each tool: `<server>-<tool>`, in the characters and length that model APIs accept. An id that was truncated,
 * or that equals another one case-insensitively, gets a digest of the real names, so ids do not depend on the order of tools.
 */
export function operationIds(tools: readonly Tool[]): ReadonlyMap<Tool, string> {
  const claims = new Map<string, number>();
  for (const tool of tools) claims.set(key(tool), (claims.get(key(tool)) ?? 0) + 1);
  const taken = new Set<string>();
  return new Map(
    tools.map((tool) => {
      const plain = sanitise(tool);
      const isAlone = claims.get(key(tool)) === 1 && plain.length <= MAX_LENGTH;
      return [tool, uniqueName(isAlone ? plain : withDigest(tool), taken)];
    }),
  );
}

/** `wanted`, with a number appended when it is taken. Case-insensitive, as in some code generators. */
export function uniqueName(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let copy = 2; taken.has(id.toLowerCase()); copy += 1) {
    const suffix = `_${copy}`;
    id = `${wanted.slice(0, MAX_LENGTH - suffix.length)}${suffix}`;
  }
  taken.add(id.toLowerCase());
  return id;
}

function sanitise(tool: Tool): string {
  return `${tool.server}-${tool.name}`.replaceAll(/[^A-Za-z0-9_-]/g, "_");
}

function key(tool: Tool): string {
  return sanitise(tool).toLowerCase();
}

function withDigest(tool: Tool): string {
  const digest = hash("sha256", JSON.stringify([tool.server, tool.name]));
  return `${sanitise(tool).slice(0, 57)}_${digest.slice(0, 6)}`;
}
