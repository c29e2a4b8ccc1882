import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { TOKEN, WATCHER } from "../gateway-config.ts";

const authorization = `Basic ${Buffer.from(`${WATCHER}:${TOKEN}`).toString("base64")}`;

/** Somebody who watches the first session of a server in the console, or who opens the stream and never reads it. */
export class ConsoleWatcher {
  readonly #port: number;
  #request: ClientRequest | undefined;
  /** Bytes read. */
  bytes = 0;
  /** The stream was closed by the gateway. */
  isCut = false;

  constructor(port: number) {
    this.#port = port;
  }

  /** Follows a session of that server; without one, or when there is none, only the state. */
  async open(server: string | undefined, reads = true): Promise<void> {
    const { sessions } = JSON.parse(await this.#text("/console/api/state")) as {
      sessions: readonly { key: string; server: string }[];
    };
    const key = sessions.find((session) => session.server === server)?.key;
    const response = await this.#get(`/console/api/events${key === undefined ? "" : `?session=${key}`}`);
    if (response.statusCode !== 200) throw new Error(`the console answered ${response.statusCode}`);
    response.once("close", () => (this.isCut = true));
    response.on("error", () => (this.isCut = true));
    if (reads) response.on("data", (chunk: Buffer) => (this.bytes += chunk.length));
  }

  close(): void {
    this.#request?.destroy();
  }

  async #text(path: string): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.#get(path)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  }

  #get(path: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { authorization, accept: "text/event-stream" };
      const asked = request({ host: "127.0.0.1", port: this.#port, path, headers, agent: false });
      asked.once("response", resolve);
      asked.on("error", reject);
      asked.end();
      this.#request = asked;
    });
  }
}
