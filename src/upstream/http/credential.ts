/** What proves to a remote server who asks: always the gateway's own, never what a caller sent. */
export interface Credential {
  /** Header names and values in turn. Rejects with a GatewayError when it cannot be had. */
  headers(): readonly string[] | Promise<readonly string[]>;
  /** The server has refused it with this challenge (RFC 9110 §11.6.1). True when there is a new one, and the request may be repeated. */
  renew(challenge: string | undefined): Promise<boolean>;
}

/** Headers that stay the same. */
export class StaticCredential implements Credential {
  readonly #headers: readonly string[];

  constructor(headers: readonly string[]) {
    this.#headers = headers;
  }

  headers(): readonly string[] {
    return this.#headers;
  }

  renew(): Promise<boolean> {
    return Promise.resolve(false);
  }
}
