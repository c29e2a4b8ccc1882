import type { ErrorObject, ValidateFunction } from "ajv";
import { member, type JsonObject } from "../../lib/json.ts";
import type { Emit } from "../../protocol/events.ts";
import type { ListedTool } from "../../protocol/tool.ts";
import { checkableSchema } from "./checkable.ts";

/** One thing that is wrong with the arguments of a call. */
export interface ArgumentError {
  /** JSON Pointer (RFC 6901) into the arguments. */
  readonly pointer: string;
  readonly keyword: string;
  readonly message: string;
  readonly expected?: unknown;
}

const MAX_ERRORS = 20;
const DRAFT_07 = /^https?:\/\/json-schema\.org\/draft-0[467]\//;

interface Compilers {
  readonly draft07: (schema: object) => ValidateFunction;
  readonly draft2020: (schema: object) => ValidateFunction;
}

/**
 * Checks arguments against a tool's input schema (JSON Schema draft-07 or 2020-12) before the call, because servers report bad
 * arguments as text only. Nothing is coerced and no default is filled in: the server owns them. A schema that cannot be
 * compiled is not checked.
 */
export class ArgumentValidator {
  readonly #emit: Emit;
  readonly #compiled = new WeakMap<ListedTool, ValidateFunction | "unchecked">();
  #compilers: Promise<Compilers> | undefined;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  async check(tool: ListedTool, value: JsonObject): Promise<ArgumentError[]> {
    const validate = this.#compiled.get(tool) ?? (await this.#compile(tool));
    if (validate === "unchecked" || validate(value)) return [];
    return (validate.errors ?? []).slice(0, MAX_ERRORS).map(argumentError);
  }

  async #compile(tool: ListedTool): Promise<ValidateFunction | "unchecked"> {
    this.#compilers ??= loadCompilers();
    const compiled = this.#tryCompile(tool, await this.#compilers);
    this.#compiled.set(tool, compiled);
    return compiled;
  }

  #tryCompile(tool: ListedTool, { draft07, draft2020 }: Compilers): ValidateFunction | "unchecked" {
    const { inputSchema } = tool.listed;
    try {
      const schema = checkableSchema(inputSchema);
      if (typeof schema !== "object" || schema === null) return "unchecked";
      const dialect = member(inputSchema, "$schema");
      return typeof dialect === "string" && DRAFT_07.test(dialect) ? draft07(schema) : draft2020(schema);
    } catch (cause) {
      const what = `the input schema of the tool "${tool.name.slice(0, 80)}" cannot be used; its arguments are not checked`;
      this.#emit({ type: "trouble", what, cause: cause instanceof Error ? cause.message : cause });
      return "unchecked";
    }
  }
}

/** Loaded at the first check: most of the gateway's commands and sessions never need them. */
async function loadCompilers(): Promise<Compilers> {
  const [{ Ajv }, { Ajv2020 }, { default: formats }] = await Promise.all([
    import("ajv"),
    import("ajv/dist/2020.js"),
    import("ajv-formats"),
  ]);
  const options = { strict: false, allErrors: true, logger: false, addUsedSchema: false } as const;
  const [draft07, draft2020] = [new Ajv(options), new Ajv2020(options)];
  for (const ajv of [draft07, draft2020]) formats.default(ajv, { mode: "fast" });
  return { draft07: (schema) => draft07.compile(schema), draft2020: (schema) => draft2020.compile(schema) };
}

function argumentError({ instancePath, keyword, message, params }: ErrorObject): ArgumentError {
  const name: unknown = params["missingProperty"] ?? params["additionalProperty"] ?? params["unevaluatedProperty"];
  const pointer = typeof name === "string" ? `${instancePath}/${escapePointer(name)}` : instancePath;
  const expected: unknown =
    params["allowedValues"] ?? params["type"] ?? params["limit"] ?? params["format"] ?? params["allowedValue"];
  return { pointer, keyword, message: message ?? "is not valid", ...(expected !== undefined && { expected }) };
}

const escapePointer = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");
