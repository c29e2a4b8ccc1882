import { z } from "zod";
import { RESERVED_NAMES } from "../downstream/config.ts";

const LONGEST = 32;

/** Names become URL segments and parts of the tool names that models see: short, plain, and not one of the gateway's own paths. */
export const serverName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/,
    "a server name has 1 to 32 characters of A-Z a-z 0-9 _ - and begins with a letter or digit",
  )
  .refine((name) => !RESERVED_NAMES.includes(name), "this name is a path of the gateway itself")
  // LibreChat splits tool names at this text.
  .refine((name) => !name.includes("_mcp_"), 'a server name may not contain "_mcp_"');

/** The valid name closest to a text; undefined when nothing usable is left of it. */
export function suggestName(text: string): string | undefined {
  const name = text
    .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
    .replaceAll(/^[-_]+|-+$/g, "")
    .slice(0, LONGEST);
  return serverName.safeParse(name).success ? name : undefined;
}
