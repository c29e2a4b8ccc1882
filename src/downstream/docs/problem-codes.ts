import { REASONS } from "./problem-reasons.ts";
import { REQUEST_PROBLEMS } from "./request-problems.ts";
import { SERVER_PROBLEMS } from "./server-problems.ts";

export interface ProblemCode {
  readonly status: number;
  /** What happened. */
  readonly meaning: string;
  readonly why: string;
  /** What the caller or the operator can do. */
  readonly action: string;
  /** Of a code that several reasons share: what each of them means. `reason` in the problem body says which it is. */
  readonly reasons?: Readonly<Record<string, string>>;
}

/** What each `code` of a problem body means. */
export const PROBLEM_CODES: ReadonlyMap<string, ProblemCode> = new Map(
  [...REQUEST_PROBLEMS, ...SERVER_PROBLEMS].map(([code, status, meaning, why, action]) => {
    const reasons = REASONS.get(code);
    return [code, { status, meaning, why, action, ...(reasons !== undefined && { reasons }) }];
  }),
);

/** Every name of an error: the codes, and the reasons that share one. */
export const PROBLEM_NAMES: readonly string[] = [...PROBLEM_CODES].flatMap(([code, { reasons = {} }]) => [
  code,
  ...Object.keys(reasons),
]);

/** The code that stands for a reason on REST: itself, or the one that it shares with others. */
export function codeOf(name: string): string | undefined {
  if (PROBLEM_CODES.has(name)) return name;
  for (const [code, { reasons = {} }] of PROBLEM_CODES) if (Object.hasOwn(reasons, name)) return code;
  return undefined;
}
