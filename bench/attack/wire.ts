import { connect, type Socket } from "node:net";
import { Answer } from "./answer.ts";

/** Longer than any configured timeout. */
const PATIENCE_MS = 20_000;

/** The one fault that only a timeout can reveal. */
export class NeverEnded extends Error {}

type Body = "head" | "length" | "chunks" | "trailer" | "to the end";

/** A raw socket that sends requests as text and parses the responses in order. */
export class Wire {
  readonly answers: Answer[] = [];
  isClosed = false;
  received = 0;
  readonly #socket: Socket;
  readonly #listeners = new Set<() => void>();
  #taken = 0;
  #rest = "";
  #mode: Body = "head";
  /** Bytes of the body, or of this chunk, still to be received. */
  #left = 0;

  constructor(port: number, hear: (text: string) => void) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    this.#socket.setEncoding("latin1");
    this.#socket.on("error", () => undefined);
    this.#socket.on("data", (text: string) => {
      hear(text);
      this.received += text.length;
      this.#read(text);
      this.#tell();
    });
    this.#socket.once("end", () => this.#over());
    this.#socket.once("close", () => this.#over());
  }

  get localPort(): number | undefined {
    return this.#socket.localPort;
  }

  write(text: string | Buffer): void {
    if (typeof text === "string") this.#socket.write(text, "latin1");
    else this.#socket.write(text);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  halfClose(): void {
    this.#socket.end();
  }

  drop(): void {
    this.#socket.destroy();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Resolves with the next response once its headers are received. */
  async head(what: string): Promise<Answer> {
    const at = this.#taken++;
    await this.until(() => this.answers[at] !== undefined, what);
    return this.answers[at] ?? Answer.none();
  }

  /** Resolves with the next response once it is complete. */
  async next(what: string): Promise<Answer> {
    const answer = await this.head(what);
    await this.until(() => answer.isOver, what);
    return answer;
  }

  /** Resolves when the condition holds or the connection is closed; throws at the timeout. */
  until(isSo: () => boolean, what: string, patienceMs = PATIENCE_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#listeners.delete(look);
        reject(new NeverEnded(`${what}: nothing within ${patienceMs} ms`));
      }, patienceMs);
      const look = (): void => {
        if (!this.isClosed && !isSo()) return;
        clearTimeout(late);
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
      look();
    });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #over(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const last = this.answers.at(-1);
    if (last !== undefined && !last.isOver) {
      if (this.#mode === "to the end") last.isComplete = true;
      else last.isCut = true;
    }
    // The gateway has closed its side, so the socket is destroyed.
    this.#socket.destroy();
    this.#tell();
  }

  #read(text: string): void {
    this.#rest += text;
    while (this.#step());
  }

  /** Parses as much as possible; false when more data is needed. */
  #step(): boolean {
    if (this.#rest === "") return false;
    if (this.#mode === "head") return this.#readHead();
    const answer = this.answers.at(-1);
    if (answer === undefined) return false;
    if (this.#mode === "to the end") return this.#feed(answer, this.#rest.length);
    if (this.#mode === "length") return this.#readLength(answer);
    return this.#mode === "chunks" ? this.#readChunk(answer) : this.#readTrailer(answer);
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf("\r\n\r\n");
    if (end === -1) return false;
    const answer = new Answer(this.#rest.slice(0, end));
    this.#rest = this.#rest.slice(end + 4);
    if (answer.status >= 100 && answer.status < 200) return true;
    this.answers.push(answer);
    const length = answer.header("content-length");
    const isEmpty = answer.status === 204 || answer.status === 304;
    if (answer.header("transfer-encoding") === "chunked") [this.#mode, this.#left] = ["chunks", 0];
    else if (length === undefined && !isEmpty) this.#mode = "to the end";
    else [this.#mode, this.#left] = ["length", isEmpty ? 0 : Number(length)];
    if (this.#mode === "length" && this.#left === 0) this.#complete(answer);
    return true;
  }

  #readLength(answer: Answer): boolean {
    this.#feed(answer, this.#left);
    if (this.#left === 0) this.#complete(answer);
    return true;
  }

  #readChunk(answer: Answer): boolean {
    if (this.#left > 0) return this.#feed(answer, this.#left);
    const line = /^(?:\r\n)?([0-9a-f]+)[^\r\n]*\r\n/i.exec(this.#rest.slice(0, 64));
    if (line === null) return false;
    this.#rest = this.#rest.slice(line[0].length);
    this.#left = Number.parseInt(line[1] ?? "0", 16);
    if (this.#left === 0) this.#mode = "trailer";
    return true;
  }

  #readTrailer(answer: Answer): boolean {
    if (this.#rest.length < 2) return false;
    this.#rest = this.#rest.slice(2);
    this.#complete(answer);
    return true;
  }

  #feed(answer: Answer, most: number): boolean {
    const text = this.#rest.slice(0, most);
    this.#rest = this.#rest.slice(text.length);
    this.#left -= text.length;
    answer.feed(text);
    return this.#rest !== "";
  }

  #complete(answer: Answer): void {
    answer.isComplete = true;
    this.#mode = "head";
  }
}
