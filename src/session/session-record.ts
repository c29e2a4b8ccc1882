/** What is known of a session besides its process: enough to greet another process in its client's place. */
export interface SessionRecord {
  /** The client's own `initialize`, as it came. */
  readonly initialize: string;
  /** Digest of the server's name, version and capabilities; undefined when the client was told none of them. */
  readonly serverDigest?: string | undefined;
  /** The revision that client and server have agreed on. */
  readonly revision?: string | undefined;
  /** Digest of the first page of tools that the client saw last; undefined when it asked for none. */
  readonly toolsDigest?: string | undefined;
  /** The level of the last `logging/setLevel`. */
  readonly logLevel?: string | undefined;
  /** The URIs of `resources/subscribe` that still hold, the oldest first. */
  readonly subscriptions?: readonly string[] | undefined;
}
