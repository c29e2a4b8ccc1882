import { expect, it } from "vitest";
import { errorMessage } from "../../src/lib/error-message.ts";

it.each<[unknown, string]>([
  [new TypeError("no"), "no"],
  ["text", "text"],
  [undefined, "undefined"],
])("%j says what it is", (thrown, message) => {
  expect(errorMessage(thrown)).toBe(message);
});
