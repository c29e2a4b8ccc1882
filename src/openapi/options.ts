import type { SecurityScheme } from "../protocol/security-scheme.ts";
import type { Layout } from "./path.ts";
import type { ProfileName, SessionParameter } from "./profiles.ts";

export interface DocumentOptions {
  readonly version: "3.1" | "3.0";
  readonly profile: ProfileName;
  /** The URL of the document without its file name; paths are relative to it. */
  readonly baseUrl: string;
  readonly layout: Layout;
  readonly security: readonly SecurityScheme[];
  readonly sessionParameter: SessionParameter;
  /** `all` describes every media type of an answer; by default only the first, because generated clients type an answer by all of them. */
  readonly accept?: "json" | "all";
  /** Patterns of `tool` or `server:tool`, in which `*` matches any run of characters; absent means all tools. */
  readonly tools?: readonly string[];
  readonly info: Info;
}

interface Info {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
}
