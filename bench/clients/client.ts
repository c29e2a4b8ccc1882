export type Transport = "streamable" | "sse";

export const TRANSPORTS: readonly Transport[] = ["streamable", "sse"];
export const TRANSPORT_NAMES: Readonly<Record<Transport, string>> = {
  streamable: "Streamable HTTP",
  sse: "HTTP+SSE",
};

export interface Target {
  /** Its end says which transport: `/mcp` or `/sse`. */
  readonly url: string;
  readonly transport: Transport;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client that is connected, and does by itself whatever it does to stay so. */
export interface Connection {
  tools(): Promise<string[]>;
  /** The text of the tool's result. */
  call(tool: string, args?: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
}

/** A client library or program as its makers publish it. */
export interface ClientKind {
  readonly name: string;
  /** Its package is none of the gateway's dependencies. */
  readonly isOnDemand?: boolean;
  open(target: Target): Promise<Connection>;
}

/** A program that connects, makes one call and ends. */
export interface ShortRuns {
  readonly name: string;
  readonly isOnDemand?: boolean;
  /** What it printed. */
  run(target: Target, tool: string): Promise<string>;
}

/** Of a tool's result, in whatever envelope a client hands it out. */
export function textOf(result: unknown): string {
  if (typeof result === "string") return result;
  if (Array.isArray(result)) return result.map(textOf).join("");
  if (typeof result !== "object" || result === null) return "";
  if ("content" in result) return textOf(result.content);
  return "text" in result ? textOf(result.text) : "";
}
