import type { ClientKind, Connection, ShortRuns, Transport } from "./client.ts";

/** What is the same for all scenarios of a run. */
export interface Setting {
  readonly transport: Transport;
  /** An entry of the catalog that insists on the handshake. */
  readonly strict: object;
  /** Times as long as they are by default. */
  readonly isFull: boolean;
}

export interface Restart {
  readonly signal: NodeJS.Signals;
  /** When nobody is there. */
  meanwhile?(connection: Connection): Promise<void>;
}

/** Its run resolves with what is worth telling, and rejects when the client was let down. */
export interface Scenario<Who> {
  readonly name: string;
  readonly run: (who: Who, setting: Setting) => Promise<string>;
  /** How the gateway is restarted. */
  readonly restarts?: Restart;
  /** Of this client only. */
  readonly only?: Who;
}

/** Of a client that stays connected. */
export type ClientScenario = Scenario<ClientKind>;
/** Of a program that makes one call and ends. */
export type ProgramScenario = Scenario<ShortRuns>;
