import type { ToolCatalog } from "../../protocol/tool.ts";
import type { DownstreamContext } from "../context.ts";
import type { DocumentSettings } from "./documents.ts";

/** What the documents and the pages need besides what every downstream has. */
export interface DocumentContext extends DownstreamContext {
  readonly catalog: ToolCatalog;
  readonly documents: DocumentSettings;
  readonly documentsArePublic: boolean;
  readonly publicUrl: string | undefined;
  readonly toYaml: (value: unknown) => string;
}
