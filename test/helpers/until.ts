import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";

const POLL_MS = 20;

type Truthy<T> = Exclude<T, undefined | null | false | 0 | "">;

/**
 * Waits until `condition` returns something truthy, and returns that. A condition that throws is not met yet; its last error is
 * the cause of the timeout error.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { deadlineMs = 5000, what }: { readonly deadlineMs?: number; readonly what: string },
): Promise<Truthy<T>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const { value, error } = await attempt(condition);
    if (value) return value as Truthy<T>;
    if (performance.now() >= deadline) {
      const last = error === undefined ? `gave ${inspect(value)}` : `threw ${inspect(error)}`;
      throw new Error(`Waited ${deadlineMs} ms in vain until ${what}; the condition ${last}`, { cause: error });
    }
    await delay(POLL_MS);
  }
}

async function attempt<T>(condition: () => T | Promise<T>): Promise<{ readonly value?: T; readonly error?: unknown }> {
  try {
    return { value: await condition() };
  } catch (error) {
    return { error: error ?? "nothing" };
  }
}
