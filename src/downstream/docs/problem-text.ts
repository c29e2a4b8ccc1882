/** What happened, why, and what the caller or the operator can do. */
export type ProblemText = readonly [code: string, status: number, meaning: string, why: string, action: string];
