import { COLON, MESSAGE, SPACE, contentOf, isData, isDataField, isMessageField, lineOf } from "./event-fields.ts";
import { TEXT_BYTES, type Line } from "./lines.ts";
import { addPart, Pieces } from "./pieces.ts";

export interface ParsedEvent {
  /** The `event` field; "message" without one. */
  readonly type: string;
  /** All `data` fields, joined by line feeds; empty when there is none. */
  readonly data: Line;
  /** The last event id, of this event or an earlier one. */
  readonly id: string | undefined;
}

export interface EventListener {
  event(event: ParsedEvent): void;
  /** The server asks to wait this long before reconnecting. */
  retry(ms: number): void;
  /** The data of an event exceeded the limit. Only its first and last bytes were kept; `bytes` is its full length. */
  tooLong(head: string, tail: string, bytes: number): void;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const KEPT_BYTES = 512;
/** Longer than any field but `data`. */
const MAX_FIELD = 4_096;
/** An overlong line of an event is skipped up to this many times the limit; then the stream is assumed to have no end. */
const MAX_EXCESS = 5;
/** The longest wait that a server may ask for. */
const RETRY = /^\d{1,9}$/;

/** Reads a `text/event-stream` (WHATWG HTML §9.2.6). Holds at most one unfinished event of `limitBytes`. */
export class EventParser {
  /** The id to resume after (`Last-Event-ID`): that of the last complete event. */
  lastEventId: string | undefined;
  readonly #limitBytes: number;
  readonly #listener: EventListener;
  /** The unfinished line. */
  #line: Buffer[] = [];
  #lineBytes = 0;
  /** The data of the unfinished event, while it is one line that came in one piece. */
  #only: Buffer | undefined;
  /** The same otherwise. */
  #data: Buffer[] = [];
  #dataBytes = 0;
  #hasData = false;
  #type = "";
  /** Of the unfinished event, until its end. */
  #id: string | undefined;
  #overflow: { head: Buffer; tail: Buffer; bytes: number } | undefined;
  #isInOverlongLine = false;
  #endedInReturn = false;
  #isAtStart = true;

  constructor(limitBytes: number, listener: EventListener) {
    this.#limitBytes = limitBytes;
    this.#listener = listener;
  }

  /** True when what arrives is no event any more. */
  get isEndless(): boolean {
    return this.#overflow !== undefined && this.#overflow.bytes > this.#limitBytes * MAX_EXCESS;
  }

  push(chunk: Buffer): void {
    const bytes = this.#withLineFeeds(chunk);
    let start = 0;
    for (let end = this.#endOf(bytes, start); end !== -1; end = this.#endOf(bytes, start)) {
      start = this.#takePlain(bytes, start, end);
      if (start > end) continue;
      this.#endLine(bytes.subarray(start, end));
      start = end + 1;
    }
    if (start < bytes.length) this.#hold(bytes.subarray(start));
  }

  /** The line feed at the end of the line; -1 when it is not here yet. */
  #endOf(bytes: Buffer, start: number): number {
    const usual = start + MESSAGE.length;
    return bytes[usual] === LINE_FEED && isMessageField(bytes, start) ? usual : bytes.indexOf(LINE_FEED, start);
  }

  /**
   * Reads what nearly every stream consists of: `event: message`, and data of one line at the end of its event. Returns where the next
   * line begins, or `start` for any other line.
   */
  #takePlain(bytes: Buffer, start: number, end: number): number {
    if (this.#isBusy) return start;
    if (end - start === MESSAGE.length && isMessageField(bytes, start)) {
      this.#type = "";
      return end + 1;
    }
    const isWhole = bytes[end + 1] === LINE_FEED && end - start <= this.#limitBytes;
    if (!isWhole || bytes[start + 4] !== COLON || !isData(bytes, start)) return start;
    const from = bytes[start + 5] === SPACE ? start + 6 : start + 5;
    const data = end - from <= TEXT_BYTES ? bytes.toString("utf8", from, end) : lineOf(bytes.subarray(from, end));
    const type = this.#type;
    this.#type = "";
    this.lastEventId = this.#id;
    this.#listener.event({ type: type === "" ? "message" : type, data, id: this.#id });
    return end + 2;
  }

  /** In the middle of a line, or of an event that has data already. */
  get #isBusy(): boolean {
    const isInLine = this.#isAtStart || this.#isInOverlongLine || this.#line.length > 0;
    return isInLine || this.#hasData || this.#overflow !== undefined;
  }

  /** A line ends with CRLF, LF or CR. */
  #withLineFeeds(chunk: Buffer): Buffer {
    const bytes = this.#endedInReturn && chunk[0] === LINE_FEED ? chunk.subarray(1) : chunk;
    this.#endedInReturn = bytes.at(-1) === CARRIAGE_RETURN;
    if (!bytes.includes(CARRIAGE_RETURN)) return bytes;
    return Buffer.from(bytes.toString("latin1").replaceAll(/\r\n?/g, "\n"), "latin1");
  }

  #hold(part: Buffer): void {
    if (this.#isInOverlongLine) return this.#skip(part);
    addPart(this.#line, part);
    this.#lineBytes += part.length;
    if (this.#lineBytes + this.#dataBytes <= this.#limitBytes + MAX_FIELD) return;
    const held = new Pieces(this.#line);
    this.#forgetLine();
    this.#isInOverlongLine = true;
    // What is over the limit is data, or a field that means nothing at this length.
    if (held.head(5) === "data:") this.#overflowWith(contentOf(held));
  }

  #endLine(rest: Buffer): void {
    if (this.#isInOverlongLine) {
      this.#isInOverlongLine = false;
      return this.#skip(rest);
    }
    if (this.#isAtStart) return this.#endFirstLine(rest);
    if (this.#line.length === 0) return this.#field(rest, undefined);
    addPart(this.#line, rest);
    const whole = new Pieces(this.#line);
    this.#forgetLine();
    this.#field(whole.slice(0, 6).join(), whole);
  }

  /** Which may begin with a byte order mark. */
  #endFirstLine(rest: Buffer): void {
    this.#isAtStart = false;
    const line = new Pieces([...this.#line, rest]).join();
    this.#forgetLine();
    this.#field(line.indexOf(BYTE_ORDER_MARK) === 0 ? line.subarray(BYTE_ORDER_MARK.length) : line, undefined);
  }

  /** `first` has at least the name of the field; `whole` is set when the line came in parts. */
  #field(first: Buffer, whole: Pieces | undefined): void {
    if (first.length === 0) return this.#dispatch();
    if (isDataField(first) && whole === undefined && !this.#hasData && first.length <= this.#limitBytes) {
      if (this.#overflow === undefined) return this.#begin(first);
    }
    if (isDataField(first)) return this.#addData(contentOf(whole ?? new Pieces([first])));
    const length = whole?.length ?? first.length;
    // A comment begins with a colon.
    if (first[0] === COLON || length > MAX_FIELD) return;
    this.#shortField((whole?.join() ?? first).toString("utf8"));
  }

  #shortField(line: string): void {
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value === "" ? undefined : value;
    else if (name === "retry" && RETRY.test(value)) this.#listener.retry(Number(value));
  }

  #begin(line: Buffer): void {
    this.#hasData = true;
    this.#only = line.subarray(line[5] === SPACE ? 6 : 5);
  }

  #addData(content: Pieces): void {
    if (this.#overflow !== undefined) return this.#count(content);
    const only = this.#only;
    if (only !== undefined) {
      this.#only = undefined;
      addPart(this.#data, only);
      this.#dataBytes = only.length + 1;
    }
    if (this.#hasData) addPart(this.#data, Buffer.from("\n"));
    this.#hasData = true;
    this.#dataBytes += content.length + 1;
    if (this.#dataBytes - 1 > this.#limitBytes) return this.#overflowWith(content);
    for (const part of content.parts) addPart(this.#data, part);
  }

  #dispatch(): void {
    this.lastEventId = this.#id;
    const only = this.#only;
    const type = this.#type;
    if (only !== undefined) {
      this.#only = undefined;
      this.#hasData = false;
      this.#type = "";
      return this.#listener.event({ type: type === "" ? "message" : type, data: lineOf(only), id: this.#id });
    }
    const [overflow, hasData, data] = [this.#overflow, this.#hasData, this.#data];
    this.#forgetEvent();
    if (overflow !== undefined)
      return this.#listener.tooLong(overflow.head.toString("utf8"), overflow.tail.toString("utf8"), overflow.bytes);
    // An event without data is not dispatched (WHATWG HTML §9.2.6), but its id has been noted.
    if (hasData) this.#listener.event({ type: type === "" ? "message" : type, data: lineOf(...data), id: this.#id });
  }

  #overflowWith(content: Pieces): void {
    const all = new Pieces([...this.#data, ...content.parts]);
    this.#data = [];
    this.#dataBytes = 0;
    // Copied, so that these two ends do not keep the memory of the whole event alive.
    this.#overflow = {
      head: Buffer.from(all.slice(0, KEPT_BYTES).join()),
      tail: Buffer.from(all.slice(Math.max(0, all.length - KEPT_BYTES)).join()),
      bytes: all.length,
    };
  }

  #skip(part: Buffer): void {
    if (this.#overflow !== undefined) this.#count(new Pieces([part]));
  }

  #count(content: Pieces): void {
    const overflow = this.#overflow;
    if (overflow === undefined) return;
    overflow.bytes += content.length;
    const end = content.slice(Math.max(0, content.length - KEPT_BYTES)).join();
    overflow.tail = Buffer.concat([overflow.tail, end]).subarray(-KEPT_BYTES);
  }

  #forgetLine(): void {
    this.#line = [];
    this.#lineBytes = 0;
  }

  #forgetEvent(): void {
    this.#data = [];
    this.#dataBytes = 0;
    this.#hasData = false;
    this.#type = "";
    this.#overflow = undefined;
  }
}
