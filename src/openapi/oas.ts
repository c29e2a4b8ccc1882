import type {
  InfoObject,
  SecurityRequirementObject,
  SecuritySchemeObject,
  ServerObject,
  TagObject,
} from "openapi3-ts/oas31";
import type { Json, JsonObject } from "./json.ts";

/**
 * The document as plain JSON: no shared objects, no `undefined`. Schemas are JSON objects rather than the SchemaObject of
 * openapi3-ts, because servers write them freely and the OpenAPI versions differ in them.
 */
export interface Document {
  readonly openapi: string;
  readonly info: InfoObject;
  readonly servers: readonly ServerObject[];
  readonly security: readonly SecurityRequirementObject[];
  readonly tags: readonly TagObject[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components?: Components;
}

export interface PathItem {
  readonly get?: Operation;
  readonly post?: Operation;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, Response | Reference>>;
  readonly [extension: `x-${string}`]: Json;
}

export interface Parameter {
  readonly name: string;
  readonly in: "query";
  readonly required: boolean;
  readonly description: string;
  readonly schema: JsonObject;
}

export interface Response {
  readonly description: string;
  readonly content?: Content;
}

interface Reference {
  readonly $ref: string;
}

type Content = Readonly<Record<string, { readonly schema: JsonObject }>>;

export interface Components {
  readonly schemas?: Readonly<Record<string, JsonObject>>;
  readonly responses?: Readonly<Record<string, Response>>;
  readonly securitySchemes?: Readonly<Record<string, SecuritySchemeObject>>;
}
