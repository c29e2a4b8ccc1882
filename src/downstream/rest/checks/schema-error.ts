import type { ErrorObject } from "ajv";

/** One mismatch between a value and its schema. */
export interface SchemaError {
  /** JSON Pointer (RFC 6901) into the value. */
  readonly pointer: string;
  readonly keyword: string;
  readonly message: string;
  readonly expected?: unknown;
}

const MAX_ERRORS = 20;
/** Maximum length of each text in an error: names and allowed values come from the server. */
const MAX_CHARS = 500;
const MAX_EXPECTED = 100;

export function schemaErrors(errors: readonly ErrorObject[] | null | undefined): SchemaError[] {
  return (errors ?? []).slice(0, MAX_ERRORS).map(schemaError);
}

function schemaError({ instancePath, keyword, message, params }: ErrorObject): SchemaError {
  const name: unknown = params["missingProperty"] ?? params["additionalProperty"] ?? params["unevaluatedProperty"];
  const pointer = typeof name === "string" ? `${instancePath}/${escapePointer(name)}` : instancePath;
  const expected: unknown =
    params["allowedValues"] ?? params["type"] ?? params["limit"] ?? params["format"] ?? params["allowedValue"];
  return {
    pointer: pointer.slice(0, MAX_CHARS),
    keyword,
    message: (message ?? "is not valid").slice(0, MAX_CHARS),
    ...(expected !== undefined && { expected: shortened(expected) }),
  };
}

function shortened(expected: unknown): unknown {
  if (typeof expected === "string") return expected.slice(0, MAX_CHARS);
  if (Array.isArray(expected)) return expected.slice(0, MAX_EXPECTED);
  return expected;
}

const escapePointer = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");
