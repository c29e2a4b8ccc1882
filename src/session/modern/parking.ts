import { LONGEST_TIMER_MS } from "../../lib/units.ts";
import type { RequestStates } from "../../protocol/eras/request-state.ts";
import { guarded, type Emit } from "../../protocol/events.ts";
import type { Destination } from "../../protocol/upstream.ts";
import { AGAIN, type AskingHost } from "./asking-call.ts";
import type { ParkedCalls } from "./parked-calls.ts";

export interface ParkingOptions {
  readonly destination: Destination;
  readonly processId: string;
  readonly states: RequestStates;
  readonly inputMs: number;
  readonly parked: ParkedCalls;
  /** The call that was parked is over without its client. */
  readonly onGivenUp: () => void;
  readonly emit: Emit;
}

/** In the state of a call that is simply called again, for which nothing waits. */
const ANY_PROCESS = "";

/** How a call of one process waits for its client: under which state, for how long, and among how many. */
export function parking({
  states,
  destination: { principal, server },
  processId,
  inputMs,
  parked,
  onGivenUp,
  emit,
}: ParkingOptions): Pick<AskingHost, "seal" | "open" | "later" | "parks" | "givenUp"> {
  const isHere = (process: string): boolean => process === processId || process === ANY_PROCESS;
  return {
    seal: ({ method, params }, { round }) => {
      const process = round === AGAIN ? ANY_PROCESS : processId;
      return states.seal({ principal, server, method, params }, { process, round }, Date.now() + inputMs);
    },
    open: ({ method, params }) => {
      const call = { principal, server, method, params };
      const state = states.open(call, params?.["requestState"], Date.now());
      return state !== undefined && isHere(state.process) ? state : undefined;
    },
    later: (ms, run) => {
      const what = `a timer failed for a call of "${server}"`;
      const timer = setTimeout(() => guarded(emit, what, run), Math.min(ms, LONGEST_TIMER_MS));
      return () => clearTimeout(timer);
    },
    parks: (end) => {
      const what = `a call of "${server}" could not be given up`;
      return parked.add(principal, () => guarded(emit, what, end));
    },
    givenUp: onGivenUp,
  };
}
