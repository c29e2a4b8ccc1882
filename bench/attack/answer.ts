/** One event of an event stream. */
export interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

export interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** One HTTP response while it is received. */
export class Answer {
  readonly status: number;
  readonly events: StreamEvent[] = [];
  readonly #head: string;
  readonly #parts: string[] = [];
  #rest: string[] = [];
  bytes = 0;
  /** The last event id, also of an event without data. */
  lastId: string | undefined;
  /** The response is complete. */
  isComplete = false;
  /** The connection was closed before the end. */
  isCut = false;

  constructor(head: string) {
    this.#head = head;
    this.status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
  }

  /** The response of a connection that was closed before one began. */
  static none(): Answer {
    const answer = new Answer("");
    answer.isCut = true;
    return answer;
  }

  header(name: string): string | undefined {
    return new RegExp(`^${name}:[ \t]*(.*?)[ \t]*$`, "im").exec(this.#head)?.[1];
  }

  get isOver(): boolean {
    return this.isComplete || this.isCut;
  }

  get isStream(): boolean {
    return this.header("content-type") === "text/event-stream";
  }

  get text(): string {
    return this.#parts.join("");
  }

  /** The JSON-RPC messages so far, from events or from the body. */
  get messages(): Message[] {
    if (this.isStream) return this.events.flatMap(({ event, data }) => (event === "message" ? parsed(data) : []));
    return this.isComplete ? parsed(this.text) : [];
  }

  message(id: unknown): Message | undefined {
    return this.messages.find((message) => message.id === id && message.method === undefined);
  }

  feed(text: string): void {
    this.bytes += text.length;
    if (!this.isStream) {
      this.#parts.push(text);
      return;
    }
    this.#rest.push(text);
    if (!text.includes("\n")) return;
    const blocks = this.#rest.join("").split("\n\n");
    this.#rest = [blocks.pop() ?? ""];
    for (const block of blocks) this.#readBlock(block);
  }

  #readBlock(block: string): void {
    const field = (name: string): string | undefined => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
    const data = field("data");
    const id = field("id");
    this.lastId = id ?? this.lastId;
    if (data !== undefined && data !== "") {
      this.events.push({ event: field("event") ?? "message", id, data });
    }
  }
}

function parsed(text: string): Message[] {
  try {
    return [JSON.parse(text) as Message | Message[]].flat();
  } catch {
    return [];
  }
}
