import type {
  AgainResult,
  ConsoleState,
  EndedSession,
  History,
  SeenMessage,
  SeenText,
  SessionLog,
  SessionRow,
} from "../../src/downstream/console/console-api.ts";
import { ask, type Answer } from "./http.ts";
import { send, type Exchange } from "./streamable-client.ts";
import { until } from "./until.ts";

// What the page of the console asks the gateway, asked by a test.

export const basic = (user: string, password = "pw"): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** The console as one caller sees it. */
export class ConsoleClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  #token: string | undefined;

  constructor(url: string, authorization?: string) {
    this.#url = url;
    this.#headers = authorization === undefined ? {} : { authorization };
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return ask(`${this.#url}${path}`, { headers: { ...this.#headers, ...headers } });
  }

  async json<T>(path: string): Promise<T> {
    const { status, body } = await this.get(`/console/api/${path}`);
    if (status !== 200) throw new Error(`${path} was answered ${status} ${body}`);
    return JSON.parse(body) as T;
  }

  state = (): Promise<ConsoleState> => this.json("state");
  history = (): Promise<History> => this.json("history");
  text = (key: string, n: number): Promise<SeenText> => this.json(`sessions/${key}/messages/${n}`);

  /** The token that the page is served with. */
  async token(): Promise<string> {
    this.#token ??= /name="console-token" content="([^"]+)"/.exec((await this.get("/console")).body)?.[1];
    return this.#token ?? "";
  }

  async post(path: string, body: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return ask(`${this.#url}/console/api/${path}`, {
      method: "POST",
      headers: {
        ...this.#headers,
        "content-type": "application/json",
        "x-console-token": await this.token(),
        ...headers,
      },
      body: JSON.stringify(body),
    });
  }

  async again(server: string, tool: string, args: object): Promise<AgainResult> {
    const { status, body } = await this.post(`servers/${server}/again`, { tool, arguments: args });
    if (status !== 200) throw new Error(`again was answered ${status} ${body}`);
    return JSON.parse(body) as AgainResult;
  }

  /** The session of this server, once there is one like that. */
  session(server: string, isWanted: (row: SessionRow) => boolean = () => true): Promise<SessionRow> {
    const find = async (): Promise<SessionRow | undefined> =>
      (await this.state()).sessions.find((row) => row.server === server && isWanted(row));
    return until(find, { what: `a session with ${server} is listed` });
  }

  ended(server: string): Promise<EndedSession> {
    const find = async (): Promise<EndedSession | undefined> =>
      (await this.state()).ended.find((row) => row.server === server);
    return until(find, { what: `a session with ${server} has ended` });
  }

  /** Opens the event stream; `reads` false never reads from it. */
  async watch(session?: string, reads = true): Promise<Watch> {
    const query = session === undefined ? "" : `?session=${session}`;
    const headers = { ...this.#headers, accept: "text/event-stream" };
    return new Watch(await send(`${this.#url}/console/api/events${query}`, { method: "GET", headers, reads }));
  }
}

/** An event stream of the console. */
export class Watch implements Disposable {
  readonly exchange: Exchange;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  all<T>(event: string): T[] {
    const { events } = this.exchange;
    return events.flatMap((item) => (item.event === event ? [JSON.parse(item.data ?? "") as T] : []));
  }

  /** The first event of that kind for which `isWanted` holds. */
  first<T>(event: string, isWanted: (data: T) => boolean = () => true): Promise<NonNullable<T>> {
    return until(() => this.all<NonNullable<T>>(event).find(isWanted), {
      what: `${event} is told`,
      deadlineMs: 10_000,
    }) as Promise<NonNullable<T>>;
  }

  /** Every message so far, of the backlog and those that followed. */
  messages(): SeenMessage[] {
    const kept = this.all<SessionLog>("backlog").flatMap(({ messages }) => messages);
    return [...kept, ...this.all<SeenMessage>("message")];
  }

  [Symbol.dispose](): void {
    this.exchange.cut();
  }
}
