import type { ErrorObject, ValidateFunction } from "ajv";
import { member } from "../../lib/json.ts";
import type { Emit } from "../../protocol/events.ts";
import type { ListedTool } from "../../protocol/tool.ts";
import type { CallArguments } from "./arguments.ts";
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

/** What is known of a tool's schema: the functions are compiled when they are first needed. */
type Compiled = { [how in keyof Compilers]?: ValidateFunction } | "unchecked";

/**
 * Checks arguments against a tool's input schema (JSON Schema draft-07 or 2020-12) before the call, because servers report bad
 * arguments as text only. Nothing is coerced and no default is filled in: the server owns them. A schema that cannot be
 * compiled or followed is not checked.
 */
export class ArgumentValidator {
  readonly #emit: Emit;
  readonly #compiled = new WeakMap<ListedTool, Compiled>();
  #compilers: Promise<Compilers> | undefined;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  async check(tool: ListedTool, { value, text }: CallArguments): Promise<ArgumentError[]> {
    this.#compilers ??= loadCompilers();
    const compilers = await this.#compilers;
    const known = this.#compiled.get(tool) ?? {};
    if (known === "unchecked") return [];
    const how = text.length > LONG_TEXT ? "first" : "all";
    try {
      const validate = known[how] ?? compile(tool, compilers[how]);
      if (validate === undefined) return [];
      this.#compiled.set(tool, { ...known, [how]: validate });
      return validate(value) ? [] : (validate.errors ?? []).slice(0, MAX_ERRORS).map(argumentError);
    } catch (cause) {
      this.#compiled.set(tool, "unchecked");
      const what = `the input schema of the tool "${tool.name.slice(0, 80)}" cannot be used; its arguments are not checked`;
      this.#emit({ type: "trouble", what, cause: cause instanceof Error ? cause.message : cause });
      return [];
    }
  }
}

function compile(tool: ListedTool, { draft07, draft2020 }: Dialects): ValidateFunction | undefined {
  const { inputSchema } = tool.listed;
  const schema = checkableSchema(inputSchema);
  if (typeof schema !== "object" || schema === null) return undefined;
  const dialect = member(inputSchema, "$schema");
  return typeof dialect === "string" && DRAFT_07.test(dialect) ? draft07(schema) : draft2020(schema);
}

/** Loaded at the first check: most of the gateway's commands and sessions never need them. */
async function loadCompilers(): Promise<Compilers> {
  const [{ Ajv }, { Ajv2020 }, { default: formats }] = await Promise.all([
    import("ajv"),
    import("ajv/dist/2020.js"),
    import("ajv-formats"),
  ]);
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

function argumentError({ instancePath, keyword, message, params }: ErrorObject): ArgumentError {
  const name: unknown = params["missingProperty"] ?? params["additionalProperty"] ?? params["unevaluatedProperty"];
  const pointer = typeof name === "string" ? `${instancePath}/${escapePointer(name)}` : instancePath;
  const expected: unknown =
    params["allowedValues"] ?? params["type"] ?? params["limit"] ?? params["format"] ?? params["allowedValue"];
  return { pointer, keyword, message: message ?? "is not valid", ...(expected !== undefined && { expected }) };
}

const escapePointer = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");
