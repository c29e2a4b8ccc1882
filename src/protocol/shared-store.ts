/** A Redis server that several gateways share. */
export interface SharedStore {
  /** The connection, as rate-limiter-flexible expects it. */
  readonly client: object;
  /** False while there is no connection, or while it does not answer in time. */
  readonly isReady: boolean;
  /** A command failed: the store is checked before it counts as ready again. */
  suspect(): void;
}
