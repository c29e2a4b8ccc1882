import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import type { Dispatcher } from "undici";

interface TlsSettings {
  /** Files in PEM format: more authorities to trust, and the certificate of the gateway with its key. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** The name that the certificate must be for, if not that of the URL. */
  readonly serverName?: string | undefined;
}

export interface NetworkOptions {
  /** Connections for requests, and for streams that stay open. */
  readonly connections: number;
  readonly streams: number;
  readonly connectMs: number;
  readonly tls: TlsSettings;
  /** For HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The connections to one origin. Requests, streams, and what is said besides a request have connections of their own: calls that
 * wait for an answer of the client must not keep that answer from being sent.
 */
export interface Dispatchers {
  readonly calls: Dispatcher;
  readonly streams: Dispatcher;
  readonly controls: Dispatcher;
}

/** Each control message takes a short time. */
const CONTROL_CONNECTIONS = 16;

export class Network {
  readonly #options: NetworkOptions;
  #dispatchers: Dispatchers | undefined;
  #opening: Promise<Dispatchers> | undefined;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** Set once `open` has resolved. */
  get dispatchers(): Dispatchers | undefined {
    return this.#dispatchers;
  }

  /** Rejects when a certificate file cannot be read. */
  open(): Promise<Dispatchers> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  close(): void {
    for (const dispatcher of Object.values(this.#dispatchers ?? {})) dispatcher.destroy().catch(() => undefined);
  }

  async #open(): Promise<Dispatchers> {
    const { connections, streams, connectMs, tls, env } = this.#options;
    // Loaded with the first server that has a URL: it is large, and most gateways only run commands.
    // The default export, because the names of a CommonJS module are lost in a bundle.
    const { Agent, EnvHttpProxyAgent } = (await import("undici")).default;
    const connect = { timeout: connectMs, ...secureContext(tls) };
    const proxies = proxiesIn(env);
    const dispatcher = (most: number): Dispatcher =>
      proxies === undefined
        ? new Agent({ connect, connections: most })
        : new EnvHttpProxyAgent({ connect, requestTls: connect, connections: most, ...proxies });
    this.#dispatchers = {
      calls: dispatcher(connections),
      streams: dispatcher(streams),
      controls: dispatcher(CONTROL_CONNECTIONS),
    };
    return this.#dispatchers;
  }
}

interface SecureContext {
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

function secureContext({ ca, cert, key, serverName }: TlsSettings): SecureContext {
  return {
    // The list replaces the one that Node trusts by itself.
    ...(ca !== undefined && { ca: [...rootCertificates, readFileSync(ca, "utf8")] }),
    ...(cert !== undefined && { cert: readFileSync(cert, "utf8") }),
    ...(key !== undefined && { key: readFileSync(key, "utf8") }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}

interface Proxies {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
}

/** Undefined without a proxy. Lower case wins, as everywhere. */
function proxiesIn(env: NodeJS.ProcessEnv): Proxies | undefined {
  const value = (name: string): string | undefined => {
    const text = env[name.toLowerCase()] ?? env[name];
    return text === "" ? undefined : text;
  };
  const [httpProxy, httpsProxy, noProxy] = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].map(value);
  if (httpProxy === undefined && httpsProxy === undefined) return undefined;
  return {
    ...(httpProxy !== undefined && { httpProxy }),
    ...(httpsProxy !== undefined && { httpsProxy }),
    ...(noProxy !== undefined && { noProxy }),
  };
}
