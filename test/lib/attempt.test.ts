import { describe, expect, it } from "vitest";
import { attempt } from "../../src/lib/attempt.ts";

const refused = (error: unknown): never => {
  throw new Error("refused", { cause: error });
};

describe("what may fail now or later", () => {
  it("is returned as it is when it does not fail", async () => {
    expect(attempt(() => 1, refused)).toBe(1);
    await expect(attempt(() => Promise.resolve(1), refused)).resolves.toBe(1);
  });

  it("fails with what the handler throws, at once or later", async () => {
    const cause = new Error("why");
    const fail = (): never => {
      throw cause;
    };
    expect(() => attempt(fail, refused)).toThrow(expect.objectContaining({ message: "refused", cause }));
    await expect(attempt(() => Promise.reject(cause), refused)).rejects.toMatchObject({ message: "refused", cause });
  });
});
