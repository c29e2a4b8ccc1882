import type { FaultKind } from "./action.ts";

/** The instructions for the attacker process, as JSON in its only argument. */
export interface Order {
  readonly port: number;
  readonly seconds: number;
  readonly lanes: number;
  /** Different in each round, so that two rounds do not repeat the same actions. */
  readonly seed: string;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  /** The key of an action that all lanes repeat. */
  readonly replayed: string | undefined;
  /** Descriptors are scarce: connections may be refused and cut. */
  readonly isTight: boolean;
}

/** The messages that the attacker process sends. */
export type Note =
  | { readonly type: "began"; readonly key: string; readonly name: string; readonly at: number }
  | { readonly type: "ended"; readonly key: string; readonly name: string; readonly end: string; readonly ms: number }
  | {
      readonly type: "fault";
      readonly key: string;
      readonly name: string;
      readonly kind: FaultKind;
      readonly detail: string;
    }
  | { readonly type: "stalls"; readonly key: string; readonly name: string; readonly port: number }
  | { readonly type: "left"; readonly key: string; readonly name: string; readonly requestId: string };

/** The result of the neighbour process: response times in milliseconds, of the gateway and of a bare server beside it. */
export interface ResponseTimes {
  readonly gateway: readonly number[];
  readonly bare: readonly number[];
  readonly failures: number;
}
