import { median } from "./statistics.ts";

export type Transport = "sse" | "streamable" | "rest";
export const TRANSPORTS: readonly Transport[] = ["sse", "streamable", "rest"];
export const TRANSPORT_NAMES: Readonly<Record<Transport, string>> = {
  sse: "HTTP+SSE",
  streamable: "Streamable HTTP",
  rest: "REST",
};

/** How a call gets to its server: over a transport to a child, or over Streamable HTTP to a server elsewhere. */
export type Way = Transport | "remote";
export const WAYS: readonly Way[] = [...TRANSPORTS, "remote"];
export const WAY_NAMES: Readonly<Record<Way, string>> = { ...TRANSPORT_NAMES, remote: "to a remote server" };

/** The goal of a figure: a bound for its ratio to the ideal, or for the gateway's own value. */
export interface Goal {
  readonly of: "ratio" | "gateway";
  readonly bound: "at most" | "at least";
  readonly value: number;
}

export const ratioAtMost = (value: number): Goal => ({ of: "ratio", bound: "at most", value });
export const ratioAtLeast = (value: number): Goal => ({ of: "ratio", bound: "at least", value });
export const atMost = (value: number): Goal => ({ of: "gateway", bound: "at most", value });

export interface Figure {
  readonly transport?: Way | undefined;
  /** Where it was measured: `c16`, `s50`, `answers-1m` … */
  readonly point: string;
  readonly name: string;
  readonly unit: string;
  readonly gateway: number;
  readonly ideal?: number | undefined;
  readonly ratio?: number | undefined;
  readonly goal?: Goal | undefined;
}

/** The two targets of one round, measured right after each other. */
export interface Pair<T> {
  readonly gateway: T;
  readonly ideal: T;
}

/** The medians of both targets, and the median of the ratios per round: a disturbance affects both targets of its round. */
export function compare<T>(
  pairs: readonly Pair<T>[],
  of: (side: T) => number,
): Pick<Figure, "gateway" | "ideal" | "ratio"> & { gateway: number } {
  return {
    gateway: median(pairs.map(({ gateway }) => of(gateway))),
    ideal: median(pairs.map(({ ideal }) => of(ideal))),
    ratio: median(pairs.map(({ gateway, ideal }) => of(gateway) / of(ideal))),
  };
}

export function isReached({ goal, ratio, gateway }: Figure): boolean | undefined {
  const value = goal?.of === "gateway" ? gateway : ratio;
  if (goal === undefined || value === undefined) return undefined;
  return goal.bound === "at most" ? value <= goal.value : value >= goal.value;
}
