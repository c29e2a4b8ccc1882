import type { ValidateFunction } from "ajv";

/** How a schema is checked. */
export type Plan =
  | { readonly kind: "unchecked" }
  | {
      /** `cheap`: on the main thread, if the value is small too; `expensive`: always in the worker thread. */
      readonly kind: "cheap" | "expensive";
      readonly checkable: object;
      readonly isDraft07: boolean;
      readonly width: number;
      /** Approximate memory use in bytes, compiled code included. */
      readonly weight: number;
      /** Compiled on first use. */
      validate?: ValidateFunction;
      /** The schema as sent to the thread, and its hash. */
      text?: string;
      name?: string;
      usedAt: number;
    };

const MAX_WEIGHT = 64 * 1024 * 1024;

/** The plan of each schema, which is dropped with the schema. Of those that use memory, only the most recently used are kept. */
export class Plans {
  readonly #plans = new WeakMap<object, Plan>();
  /** The plans that use memory; references to their schemas are weak. */
  readonly #large = new Map<Plan, WeakRef<object>>();
  #weight = 0;
  #uses = 0;

  of(schema: object): Plan | undefined {
    const plan = this.#plans.get(schema);
    if (plan !== undefined && plan.kind !== "unchecked") plan.usedAt = ++this.#uses;
    return plan;
  }

  set(schema: object, plan: Plan): void {
    const before = this.#plans.get(schema);
    if (before !== undefined) this.#drop(before);
    this.#plans.set(schema, plan);
    if (plan.kind === "unchecked") return;
    plan.usedAt = ++this.#uses;
    this.#large.set(plan, new WeakRef(schema));
    this.#weight += plan.weight;
    while (this.#weight > MAX_WEIGHT && this.#large.size > 1) this.#drop(this.#oldest());
  }

  #drop(plan: Plan | undefined): void {
    const schema = plan === undefined ? undefined : this.#large.get(plan)?.deref();
    if (plan === undefined || plan.kind === "unchecked" || !this.#large.delete(plan)) return;
    this.#weight -= plan.weight;
    if (schema !== undefined) this.#plans.delete(schema);
  }

  #oldest(): Plan | undefined {
    let oldest: Plan | undefined;
    let usedAt = Number.POSITIVE_INFINITY;
    for (const [plan, schema] of this.#large) {
      if (plan.kind === "unchecked" || (plan.usedAt >= usedAt && schema.deref() !== undefined)) continue;
      oldest = plan;
      // A plan whose schema was garbage-collected is dropped first.
      usedAt = schema.deref() === undefined ? -1 : plan.usedAt;
    }
    return oldest;
  }
}
