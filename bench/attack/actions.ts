import type { Action } from "./action.ts";
import { CHILDREN } from "./actions/children.ts";
import { CONVERSATIONS } from "./actions/conversations.ts";
import { CUTS } from "./actions/cuts.ts";
import { HEAVY } from "./actions/heavy.ts";
import { LEAVERS } from "./actions/leavers.ts";
import { MESSAGES } from "./actions/messages.ts";
import { PIPELINES } from "./actions/pipelines.ts";
import { RESUMES } from "./actions/resumes.ts";
import { STRANGERS } from "./actions/strangers.ts";

const ACTIONS: readonly Action[] = [
  CONVERSATIONS,
  PIPELINES,
  CUTS,
  MESSAGES,
  RESUMES,
  LEAVERS,
  HEAVY,
  STRANGERS,
  CHILDREN,
].flat();

/** The actions of the names in `only` (all, if empty) without those in `skip`. A name may be a prefix of several. */
export function chosen(only: readonly string[], skip: readonly string[]): readonly Action[] {
  const isIn = (names: readonly string[], name: string): boolean => names.some((start) => name.startsWith(start));
  const actions = ACTIONS.filter(({ name }) => (only.length === 0 || isIn(only, name)) && !isIn(skip, name));
  if (actions.length === 0) throw new Error(`no such action; there are ${ACTIONS.map(({ name }) => name).join(", ")}`);
  return actions;
}
