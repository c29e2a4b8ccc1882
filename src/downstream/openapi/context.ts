import type { ToolCatalog } from "../../protocol/tool.ts";
import type { Console } from "../console/console.ts";
import type { DownstreamContext } from "../context.ts";
import type { TokenOffer } from "../resource-metadata.ts";
import type { DocumentSettings } from "./documents.ts";

/** What documents and pages need in addition to the common downstream context. */
export interface DocumentContext extends DownstreamContext {
  readonly catalog: ToolCatalog;
  readonly documents: DocumentSettings;
  readonly documentsArePublic: boolean;
  readonly publicUrl: string | undefined;
  /** Where clients get tokens; undefined when none are accepted, or clients are not to be told. */
  readonly tokens: TokenOffer | undefined;
  /** Undefined when the console is off. */
  readonly console?: Console | undefined;
  readonly toYaml: (value: unknown) => string;
}
