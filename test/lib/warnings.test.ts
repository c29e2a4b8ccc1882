import { expect, it } from "vitest";
import { warnOnce } from "../../src/lib/warnings.ts";

it("each message is reported once", () => {
  const said: string[] = [];
  const warn = warnOnce((message) => said.push(message));
  for (const message of ["a", "b", "a", "b", "c"]) warn(message);
  expect(said).toEqual(["a", "b", "c"]);
});

it("after ten messages, one more reports that there are others", () => {
  const said: string[] = [];
  const warn = warnOnce((message) => said.push(message));
  for (let n = 0; n < 1_000; n++) warn(`message ${n}`);
  expect(said).toHaveLength(11);
  expect(said.at(-1)).toBe("and more of the kind");
});
