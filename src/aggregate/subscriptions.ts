/** For all servers of a session together. */
const MAX_SUBSCRIPTIONS = 1_000;
const MAX_CHARACTERS = 64 * 1024;

interface Subscription {
  readonly server: string;
  /** As the server knows it. */
  readonly uri: string;
}

/** The resources that the client of a session is subscribed to, by the URI that it knows. */
export class Subscriptions {
  readonly #all = new Map<string, Subscription>();
  #characters = 0;

  /** Beyond the limit the oldest are forgotten: a new process of their server will not be told of them. */
  add(publicUri: string, server: string, uri: string): void {
    this.remove(publicUri);
    this.#all.set(publicUri, { server, uri });
    this.#characters += publicUri.length;
    for (const oldest of this.#all.keys()) {
      if (this.#all.size <= MAX_SUBSCRIPTIONS && this.#characters <= MAX_CHARACTERS) return;
      this.remove(oldest);
    }
  }

  remove(publicUri: string): void {
    if (this.#all.delete(publicUri)) this.#characters -= publicUri.length;
  }

  of(server: string): string[] {
    return [...this.#all.values()].flatMap((one) => (one.server === server ? one.uri : []));
  }

  /** The URI under which the client has subscribed to it. */
  publicUriOf(server: string, uri: string): string | undefined {
    for (const [publicUri, one] of this.#all) if (one.server === server && one.uri === uri) return publicUri;
    return undefined;
  }
}
