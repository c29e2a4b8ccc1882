import { z } from "zod";
import { RESERVED_NAMES } from "../downstream/config.ts";

const LONGEST = 32;

/** Names become URL segments and parts of tool names that models see: short, plain, and none of the gateway's own paths. */
export const serverName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/,
    "a server name has 1 to 32 characters of A-Z a-z 0-9 _ - and begins with a letter or digit",
  )
  .refine((name) => !RESERVED_NAMES.includes(name), "this name is a path of the gateway itself")
  // LibreChat cuts tool names at this mark.
  .refine((name) => !name.includes("_mcp_"), 'a server name may not contain "_mcp_"');

/** The name that is most like a text; undefined when nothing of it can be one. */
export function nameLike(text: string): string | undefined {
  const name = text
    .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
    .replaceAll(/^[-_]+|-+$/g, "")
    .slice(0, LONGEST);
  return serverName.safeParse(name).success ? name : undefined;
}
