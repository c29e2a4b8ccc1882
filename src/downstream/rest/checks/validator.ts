import type { ValidateFunction } from "ajv";
import { LRUCache } from "lru-cache";
import { hash } from "node:crypto";
import { errorMessage } from "../../../lib/error-message.ts";
import { member } from "../../../lib/json.ts";
import type { Emit } from "../../../protocol/events.ts";
import type { Tool } from "../../../protocol/tool.ts";
import { CheckThread, type Question, type ThreadOptions } from "./check-thread.ts";
import { checkableSchema } from "./checkable.ts";
import { loadCompiler, type Compile } from "./compilers.ts";
import { instanceSize } from "./instance-size.ts";
import { LeftAlone } from "./left-alone.ts";
import { Plans, type Plan } from "./plans.ts";
import { schemaCost } from "./schema-cost.ts";
import { schemaErrors, type SchemaError } from "./schema-error.ts";

/** The two schemas of a tool. */
type Part = "inputSchema" | "outputSchema";

/** A value to check, and the JSON it was read from: the value itself, or what has it as the member of this name. */
export interface CheckedValue {
  readonly value: unknown;
  readonly text: string;
  readonly member?: string;
}

/** Against which schema. */
export interface Subject {
  readonly server: string;
  readonly tool: Tool;
  readonly part: Part;
}

const DRAFT_07 = /^https?:\/\/json-schema\.org\/draft-0[467]\//;
/** What is compiled and checked on the main thread holds nobody up for longer than a few milliseconds. */
const MAX_VALUES = 400;
const MAX_CHARS = 32 * 1024;
/** Rules times values: some hundred nanoseconds each. */
const MAX_CHECKS = 20_000;
/** Read again in the thread: its heap has room for the values of this, some 25 bytes for each of their text, all at once. */
const MAX_THREAD_TEXT = 4 * 1024 * 1024;
/** From here on the first mistake is enough: a list of all could fill the memory. */
const LONG_TEXT = 64 * 1024;
const MANY_CHECKS = 1_000_000;
/** With the code that is compiled from it. */
const BYTES_PER_VALUE = 200;
const MAX_TOLD = 10_000;

/**
 * Checks arguments and structured results against the schemas of a tool (JSON Schema draft-07 or 2020-12); arguments before the
 * call, because servers report bad ones as text only. Nothing is coerced and no default is filled in: the server owns them.
 *
 * A schema is a stranger's: it is used here only where its cost is bounded beforehand, and else in a thread with limits. What
 * cannot be compiled, followed or afforded is not checked, and the log says so once.
 */
export class SchemaValidator {
  readonly #emit: Emit;
  readonly #thread: CheckThread;
  readonly #plans = new Plans();
  readonly #leftAlone = new LeftAlone();
  readonly #told = new LRUCache<string, true>({ max: MAX_TOLD });
  #compile: Compile | undefined;
  #loading: Promise<Compile> | undefined;

  constructor(emit: Emit, thread: ThreadOptions = {}) {
    this.#emit = emit;
    this.#thread = new CheckThread(emit, thread);
  }

  /** What does not fit; nothing when the tool has no such schema. At once where that is cheap. */
  check(subject: Subject, given: CheckedValue): readonly SchemaError[] | Promise<readonly SchemaError[]> {
    const schema = subject.tool[subject.part];
    if (typeof schema !== "object" || schema === null) return [];
    const plan = this.#plans.of(schema) ?? this.#plan(subject, schema);
    if (plan.kind === "unchecked") return [];
    if (plan.kind === "dear" || !isSmall(plan, given)) return this.#checkThere(subject, given, plan);
    return plan.validate === undefined ? this.#compileAndCheck(subject, given, plan) : errorsOf(plan.validate, given);
  }

  /** Loads the compiler, if that was not done yet. */
  async load(): Promise<Compile> {
    if (this.#compile !== undefined) return this.#compile;
    this.#loading ??= loadCompiler();
    try {
      this.#compile = await this.#loading;
      return this.#compile;
    } finally {
      // What failed once may be tried again.
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
      return { kind: isCheap ? "cheap" : "dear", checkable, isDraft07, width, weight, usedAt: 0 };
    } catch (cause) {
      this.#tell(subject, errorMessage(cause));
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

  async #checkThere(subject: Subject, given: CheckedValue, plan: CheckedPlan): Promise<readonly SchemaError[]> {
    if (given.text.length > MAX_THREAD_TEXT) return [];
    plan.text ??= JSON.stringify(plan.checkable);
    const name = (plan.name ??= hash("sha256", plan.text));
    if (this.#leftAlone.has(name)) return [];
    const verdict = await this.#thread.ask(subject.server, questionOf(plan.text, plan, given));
    if (verdict.kind === "checked") return verdict.errors;
    if (verdict.kind === "unusable") return this.#giveUp(subject, verdict.why);
    if (verdict.kind === "over") {
      this.#leftAlone.add(name);
      this.#tell(subject, verdict.why);
    }
    return [];
  }

  #giveUp(subject: Subject, cause: unknown): readonly SchemaError[] {
    const schema = subject.tool[subject.part];
    if (typeof schema === "object" && schema !== null) this.#plans.set(schema, { kind: "unchecked" });
    this.#tell(subject, cause);
    return [];
  }

  #tell({ server, tool, part }: Subject, cause: unknown): void {
    const shown = `the ${part} of the tool "${tool.name.slice(0, 80)}" of "${server}"`;
    if (this.#told.has(shown)) return;
    this.#told.set(shown, true);
    this.#emit({ type: "trouble", what: `${shown} cannot be used, so nothing is checked against it`, cause });
  }
}

type CheckedPlan = Exclude<Plan, { kind: "unchecked" }>;

function errorsOf(validate: ValidateFunction, { value }: CheckedValue): readonly SchemaError[] {
  return validate(value) ? [] : schemaErrors(validate.errors);
}

/** No value is smaller than two characters of its text, so that most are not even counted. */
function isSmall({ width }: CheckedPlan, { value, text }: CheckedValue): boolean {
  return width * text.length <= MAX_CHECKS || width * instanceSize(value, MAX_CHECKS / width) <= MAX_CHECKS;
}

function questionOf(
  schema: string,
  { isDraft07, width }: CheckedPlan,
  { text, value, member: name }: CheckedValue,
): Question {
  const isLong =
    text.length > LONG_TEXT || (Number.isFinite(width) && width * instanceSize(value, LONG_TEXT) > MANY_CHECKS);
  const how = { isDraft07, allErrors: !isLong };
  return { schema, how, text, ...(name !== undefined && { member: name }) };
}
