import type { ValidateFunction } from "ajv";
import { LRUCache } from "lru-cache";
import { hash } from "node:crypto";
import { errorMessage } from "../../../lib/error-message.ts";
import { member } from "../../../lib/json.ts";
import type { Emit } from "../../../protocol/events.ts";
import type { Tool } from "../../../protocol/tool.ts";
import { CheckThread, type CheckRequest, type ThreadOptions } from "./check-thread.ts";
import { checkableSchema } from "./checkable.ts";
import { loadCompiler, type Compile } from "./compilers.ts";
import { instanceSize } from "./instance-size.ts";
import { OverLimitSchemas } from "./over-limit-schemas.ts";
import { Plans, type Plan } from "./plans.ts";
import { schemaCost } from "./schema-cost.ts";
import { schemaErrors, type SchemaError } from "./schema-error.ts";

/** The two schemas of a tool. */
type Part = "inputSchema" | "outputSchema";

/** A value to check, and the JSON it was parsed from: either the value itself, or an object with the value as this member. */
export interface CheckedValue {
  readonly value: unknown;
  readonly text: string;
  readonly member?: string;
}

/** The schema to check against. */
export interface Subject {
  readonly server: string;
  readonly tool: Tool;
  readonly part: Part;
}

const DRAFT_07 = /^https?:\/\/json-schema\.org\/draft-0[467]\//;
/** The bounds for compiling and checking on the main thread, which then takes a few milliseconds at most. */
const MAX_VALUES = 400;
const MAX_CHARS = 32 * 1024;
/** Rules times values, at some hundred nanoseconds each. */
const MAX_CHECKS = 20_000;
/** Longer texts are not checked: parsing one in the thread takes about 25 bytes of its heap per character. */
const MAX_THREAD_TEXT = 4 * 1024 * 1024;
/** Beyond these sizes only the first error is reported: a list of all could exhaust memory. */
const LONG_TEXT = 64 * 1024;
const MANY_CHECKS = 1_000_000;
/** Compiled code included. */
const BYTES_PER_VALUE = 200;
const MAX_REPORTED = 10_000;

/**
 * Checks arguments and structured results against the schemas of a tool (JSON Schema draft-07 or 2020-12). Arguments are checked
 * before the call, because servers report invalid ones as text only. Nothing is coerced and no defaults are filled in, which is
 * up to the server.
 *
 * Schemas are untrusted: one is used on the main thread only if its cost is bounded beforehand, otherwise in a worker thread with
 * limits. A schema that cannot be compiled, resolved or afforded is not checked, which is logged once.
 */
export class SchemaValidator {
  readonly #emit: Emit;
  readonly #thread: CheckThread;
  readonly #plans = new Plans();
  readonly #overLimit = new OverLimitSchemas();
  readonly #reported = new LRUCache<string, true>({ max: MAX_REPORTED });
  #compile: Compile | undefined;
  #loading: Promise<Compile> | undefined;

  constructor(emit: Emit, thread: ThreadOptions = {}) {
    this.#emit = emit;
    this.#thread = new CheckThread(emit, thread);
  }

  /** The mismatches; none when the tool has no such schema. Synchronous when the check is cheap. */
  check(subject: Subject, given: CheckedValue): readonly SchemaError[] | Promise<readonly SchemaError[]> {
    const schema = subject.tool[subject.part];
    if (typeof schema !== "object" || schema === null) return [];
    const plan = this.#plans.of(schema) ?? this.#plan(subject, schema);
    if (plan.kind === "unchecked") return [];
    if (plan.kind === "expensive" || !isSmall(plan, given)) return this.#checkInThread(subject, given, plan);
    return plan.validate === undefined ? this.#compileAndCheck(subject, given, plan) : errorsOf(plan.validate, given);
  }

  /** Loads the compiler unless it is loaded. */
  async load(): Promise<Compile> {
    if (this.#compile !== undefined) return this.#compile;
    this.#loading ??= loadCompiler();
    try {
      this.#compile = await this.#loading;
      return this.#compile;
    } finally {
      // A failed load may be retried.
      this.#loading = undefined;
    }
  }

  close(): void {
    this.#thread.close();
  }

  #plan(subject: Subject, schema: object): Plan {
    const plan = this.#planFor(subject, schema);
    this.#plans.set(schema, plan);
    return plan;
  }

  #planFor(subject: Subject, schema: object): Plan {
    try {
      const size = { values: 0, chars: 0 };
      const checkable = checkableSchema(schema, size);
      if (typeof checkable !== "object" || checkable === null) return { kind: "unchecked" };
      const dialect = member(schema, "$schema");
      const isDraft07 = typeof dialect === "string" && DRAFT_07.test(dialect);
      const { values, width } = schemaCost(checkable);
      const isCheap = values <= MAX_VALUES && size.chars <= MAX_CHARS;
      const weight = size.values * BYTES_PER_VALUE + size.chars;
      return { kind: isCheap ? "cheap" : "expensive", checkable, isDraft07, width, weight, usedAt: 0 };
    } catch (cause) {
      this.#report(subject, errorMessage(cause));
      return { kind: "unchecked" };
    }
  }

  async #compileAndCheck(subject: Subject, given: CheckedValue, plan: CheckedPlan): Promise<readonly SchemaError[]> {
    const compile = this.#compile ?? (await this.load());
    try {
      plan.validate ??= compile(plan.checkable, { isDraft07: plan.isDraft07, allErrors: true });
      return errorsOf(plan.validate, given);
    } catch (cause) {
      return this.#giveUp(subject, errorMessage(cause));
    }
  }

  async #checkInThread(subject: Subject, given: CheckedValue, plan: CheckedPlan): Promise<readonly SchemaError[]> {
    if (given.text.length > MAX_THREAD_TEXT) return [];
    plan.text ??= JSON.stringify(plan.checkable);
    const name = (plan.name ??= hash("sha256", plan.text));
    if (this.#overLimit.has(name)) return [];
    const outcome = await this.#thread.ask(subject.server, requestOf(plan.text, plan, given));
    if (outcome.kind === "checked") return outcome.errors;
    if (outcome.kind === "unusable") return this.#giveUp(subject, outcome.why);
    if (outcome.kind === "over") {
      this.#overLimit.add(name);
      this.#report(subject, outcome.why);
    }
    return [];
  }

  #giveUp(subject: Subject, cause: unknown): readonly SchemaError[] {
    const schema = subject.tool[subject.part];
    if (typeof schema === "object" && schema !== null) this.#plans.set(schema, { kind: "unchecked" });
    this.#report(subject, cause);
    return [];
  }

  #report({ server, tool, part }: Subject, cause: unknown): void {
    const shown = `the ${part} of the tool "${tool.name.slice(0, 80)}" of "${server}"`;
    if (this.#reported.has(shown)) return;
    this.#reported.set(shown, true);
    this.#emit({ type: "trouble", what: `${shown} cannot be used, so nothing is checked against it`, cause });
  }
}

type CheckedPlan = Exclude<Plan, { kind: "unchecked" }>;

function errorsOf(validate: ValidateFunction, { value }: CheckedValue): readonly SchemaError[] {
  return validate(value) ? [] : schemaErrors(validate.errors);
}

/** Every value takes at least two characters of text, so most values need not be counted. */
function isSmall({ width }: CheckedPlan, { value, text }: CheckedValue): boolean {
  return width * text.length <= MAX_CHECKS || width * instanceSize(value, MAX_CHECKS / width) <= MAX_CHECKS;
}

function requestOf(
  schema: string,
  { isDraft07, width }: CheckedPlan,
  { text, value, member: name }: CheckedValue,
): CheckRequest {
  const isLong =
    text.length > LONG_TEXT || (Number.isFinite(width) && width * instanceSize(value, LONG_TEXT) > MANY_CHECKS);
  const how = { isDraft07, allErrors: !isLong };
  return { schema, how, text, ...(name !== undefined && { member: name }) };
}
