/** The state of a session besides its process: enough to initialize a new process on the client's behalf. */
export interface SessionRecord {
  /** The client's own `initialize`, as received. */
  readonly initialize: string;
  /** Digest of the server's name, version and capabilities. */
  readonly serverDigest: string;
  /** Digest of the first page of tools that the client saw last; undefined when it never listed them. */
  readonly toolsDigest?: string | undefined;
  /** The level of the last `logging/setLevel`. */
  readonly logLevel?: string | undefined;
  /** The URIs of active `resources/subscribe` requests, oldest first. */
  readonly subscriptions?: readonly string[] | undefined;
}
