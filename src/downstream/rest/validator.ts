import type { ErrorObject, ValidateFunction } from "ajv";
import { member } from "../../lib/json.ts";
import type { Emit } from "../../protocol/events.ts";
import type { ListedTool } from "../../protocol/tool.ts";
import { checkableSchema } from "./checkable.ts";

/** One thing in a value that does not fit its schema. */
export interface SchemaError {
  /** JSON Pointer (RFC 6901) into the value. */
  readonly pointer: string;
  readonly keyword: string;
  readonly message: string;
  readonly expected?: unknown;
}

const MAX_ERRORS = 20;
const DRAFT_07 = /^https?:\/\/json-schema\.org\/draft-0[467]\//;

type Compile = (schema: object) => ValidateFunction;

interface Dialects {
  readonly draft07: Compile;
  readonly draft2020: Compile;
}

/** `all` finds every mistake; `first` stops at one, for values so long that a list of all could fill the memory. */
interface Compilers {
  readonly all: Dialects;
  readonly first: Dialects;
}

const LONG_TEXT = 64 * 1024;

interface Given {
  readonly value: unknown;
  readonly text: string;
}

/** The two schemas of a tool. */
type Part = "inputSchema" | "outputSchema";

/** What is known of a tool's schemas: the functions are compiled when they are first needed. */
type Compiled = Map<`${Part} ${keyof Compilers}`, ValidateFunction | "unchecked">;

/**
 * Checks arguments and structured results against the schemas of a tool (JSON Schema draft-07 or 2020-12); arguments before the
 * call, because servers report bad ones as text only. Nothing is coerced and no default is filled in: the server owns them. A schema that cannot be
 * compiled or followed is not checked.
 */
export class SchemaValidator {
  readonly #emit: Emit;
  readonly #compiled = new WeakMap<ListedTool, Compiled>();
  #compilers: Compilers | undefined;
  #loading: Promise<Compilers> | undefined;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** What does not fit; nothing when the tool has no such schema. `text` is the value as JSON. */
  async check(tool: ListedTool, part: Part, given: Given): Promise<SchemaError[]> {
    if (tool.listed[part] === undefined) return [];
    return this.#check(tool, part, given, this.#compilers ?? (await this.load()));
  }

  /** Loads the compilers, if that was not done yet. */
  async load(): Promise<Compilers> {
    this.#loading ??= loadCompilers();
    try {
      this.#compilers = await this.#loading;
      return this.#compilers;
    } finally {
      // What failed once may be tried again.
      this.#loading = undefined;
    }
  }

  #check(tool: ListedTool, part: Part, { value, text }: Given, compilers: Compilers): SchemaError[] {
    const compiled: Compiled = this.#compiled.get(tool) ?? new Map();
    this.#compiled.set(tool, compiled);
    const how = text.length > LONG_TEXT ? "first" : "all";
    const key = `${part} ${how}` as const;
    try {
      const validate = compiled.get(key) ?? compile(tool.listed[part], compilers[how]);
      compiled.set(key, validate);
      if (validate === "unchecked" || validate(value)) return [];
      return (validate.errors ?? []).slice(0, MAX_ERRORS).map(schemaError);
    } catch (cause) {
      compiled.set(key, "unchecked");
      const what = `the ${part} of the tool "${tool.name.slice(0, 80)}" cannot be used and is not checked`;
      this.#emit({ type: "trouble", what, cause: cause instanceof Error ? cause.message : cause });
      return [];
    }
  }
}

function compile(listed: unknown, { draft07, draft2020 }: Dialects): ValidateFunction | "unchecked" {
  const schema = checkableSchema(listed);
  if (typeof schema !== "object" || schema === null) return "unchecked";
  const dialect = member(listed, "$schema");
  return typeof dialect === "string" && DRAFT_07.test(dialect) ? draft07(schema) : draft2020(schema);
}

/** Loaded at the first check: most of the gateway's commands and sessions never need them. */
async function loadCompilers(): Promise<Compilers> {
  // By their default: where a CommonJS module was bundled it is all there is.
  const [
    {
      default: { Ajv },
    },
    {
      default: { Ajv2020 },
    },
    { default: formats },
  ] = await Promise.all([import("ajv"), import("ajv/dist/2020.js"), import("ajv-formats")]);
  const dialects = (allErrors: boolean): Dialects => {
    // The schema is not checked against its own: what cannot be compiled says so.
    const options = { strict: false, allErrors, logger: false, validateSchema: false } as const;
    // A compiler of its own for each tool: one for all would keep what it compiled for tools long gone.
    return {
      draft07: (schema) => withFormats(new Ajv(options)).compile(schema),
      draft2020: (schema) => withFormats(new Ajv2020(options)).compile(schema),
    };
  };
  const withFormats = <T extends Parameters<typeof formats.default>[0]>(ajv: T): T => {
    formats.default(ajv, { mode: "fast" });
    return ajv;
  };
  return { all: dialects(true), first: dialects(false) };
}

function schemaError({ instancePath, keyword, message, params }: ErrorObject): SchemaError {
  const name: unknown = params["missingProperty"] ?? params["additionalProperty"] ?? params["unevaluatedProperty"];
  const pointer = typeof name === "string" ? `${instancePath}/${escapePointer(name)}` : instancePath;
  const expected: unknown =
    params["allowedValues"] ?? params["type"] ?? params["limit"] ?? params["format"] ?? params["allowedValue"];
  return { pointer, keyword, message: message ?? "is not valid", ...(expected !== undefined && { expected }) };
}

const escapePointer = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");
