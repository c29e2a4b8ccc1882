/** The state of a session besides its process: enough to initialize a new process on the client's behalf. */
export interface SessionRecord {
  /** The client's own `initialize`, as received. */
  readonly initialize: string;
  /** Digest of the server's name, version and capabilities; undefined when the client has not seen them. */
  readonly serverDigest?: string | undefined;
  /** The revision that client and server have agreed on. */
  readonly revision?: string | undefined;
  /** Digest of the first page of tools that the client saw last; undefined when it asked for none. */
  readonly toolsDigest?: string | undefined;
  /** The level of the last `logging/setLevel`. */
  readonly logLevel?: string | undefined;
  /** Digest of what its server is filled in with from the caller; undefined when nothing is. */
  readonly caller?: string | undefined;
  /** The URIs of active `resources/subscribe` requests, oldest first. */
  readonly subscriptions?: readonly string[] | undefined;
}
