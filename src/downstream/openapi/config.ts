import { z } from "zod";
import type { DocumentSettings } from "./documents.ts";

/** The keys of `openapi:`. */
export const openapiSchema = z.strictObject({
  title: z.string().min(1).default("MCP Gateway Tools").describe("The title of the documents."),
  description: z
    .string()
    .optional()
    .describe("A text for readers of the documents, shown first.")
    .meta({ examples: ["The tools of our team."] }),
  version: z.string().min(1).default("1.0.0").describe("The version of your API, not of OpenAPI."),
  public: z.boolean().default(false).describe("Serve the documents and /docs to callers who are not authenticated."),
});

/** `sessionIsOptional`: whether a call without a session id is allowed. */
export function documentSettings(
  { title, version, description }: z.output<typeof openapiSchema>,
  security: DocumentSettings["security"],
  sessionIsOptional: boolean,
): DocumentSettings {
  return {
    security,
    sessionParameter: sessionIsOptional ? "optional" : "required",
    info: { title, version, ...(description !== undefined && { description }) },
  };
}
