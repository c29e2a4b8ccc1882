// The worker thread that compiles schemas and runs checks whose cost is unknown. It may be terminated at any moment:
// `check-thread.ts` limits the time for each check, and the heap size is limited.
import type { ValidateFunction } from "ajv";
import { parentPort } from "node:worker_threads";
import { errorMessage } from "../../../lib/error-message.ts";
import { member } from "../../../lib/json.ts";
import { loadCompiler, type Compile } from "./compilers.ts";
import type { CheckRequest, ThreadMessage } from "./check-thread.ts";
import { schemaErrors } from "./schema-error.ts";

/** Total length of the schemas whose compiled form is cached; compiled code takes about a hundred times as much memory. */
const MAX_COMPILED = 512 * 1024;

async function serveChecks(): Promise<void> {
  const compile = await loadCompiler();
  const compiled = new Map<string, ValidateFunction>();
  parentPort?.on("message", (request: CheckRequest) => tell(answerTo(request, compile, compiled)));
  tell({ kind: "ready" });
}

function answerTo(request: CheckRequest, compile: Compile, compiled: Map<string, ValidateFunction>): ThreadMessage {
  try {
    const validate = compiledFor(request, compile, compiled);
    const whole: unknown = JSON.parse(request.text);
    const value = request.member === undefined ? whole : member(whole, request.member);
    return { kind: "checked", errors: validate(value) ? [] : schemaErrors(validate.errors) };
  } catch (error) {
    return { kind: "unusable", why: errorMessage(error) };
  }
}

function compiledFor(
  { schema, how }: CheckRequest,
  compile: Compile,
  compiled: Map<string, ValidateFunction>,
): ValidateFunction {
  const name = `${how.isDraft07} ${how.allErrors} ${schema}`;
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const validate = compile(objectIn(schema), how);
  let chars = name.length;
  for (const kept of compiled.keys()) chars += kept.length;
  for (const oldest of compiled.keys()) {
    if (chars <= MAX_COMPILED) break;
    compiled.delete(oldest);
    chars -= oldest.length;
  }
  compiled.set(name, validate);
  return validate;
}

function objectIn(text: string): object {
  const value: unknown = JSON.parse(text);
  if (typeof value === "object" && value !== null) return value;
  throw new TypeError("the schema is no object");
}

function tell(message: ThreadMessage): void {
  parentPort?.postMessage(message, []);
}

await serveChecks();
