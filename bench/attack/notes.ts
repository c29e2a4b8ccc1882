import type { FaultKind } from "./action.ts";

/** What the attackers' process is told to do, as JSON in its only argument. */
export interface Order {
  readonly port: number;
  readonly seconds: number;
  readonly lanes: number;
  /** The round's own, so that two rounds of a run do not do the same. */
  readonly seed: string;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  /** Every action does what the one of this key did. */
  readonly replayed: string | undefined;
  /** Few descriptors: connections may be refused and cut. */
  readonly isTight: boolean;
}

/** What it tells while it works. */
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

/** What the neighbour's process tells at its end: milliseconds, of the gateway and of a bare server beside it. */
export interface Measured {
  readonly gateway: readonly number[];
  readonly bare: readonly number[];
  readonly failures: number;
}
