import { hash } from "node:crypto";
import { revisionIn } from "../protocol/eras/revisions.ts";
import { isObject, member, type JsonObject } from "../lib/json.ts";
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import { resultOf, resultText } from "../protocol/result-text.ts";
import type { SessionRecord } from "./session-record.ts";

/** Longer than any client's `initialize`; a longer one is not recorded. */
const MAX_INITIALIZE = 16 * 1024;
/** Characters of all URIs together. */
const MAX_SUBSCRIPTIONS = 16 * 1024;
/** A longer list is not worth its digest. */
const MAX_TOOLS = 1024 * 1024;

/** Observes the messages of a session and records what a new process of the server would have to be initialized with. */
export class Recorder {
  readonly #onRecord: (record: SessionRecord) => void;
  #record: SessionRecord | undefined;
  #initialize: RequestFrame | undefined;
  #serverDigest: string | undefined;
  #revision: string | undefined;
  #clientRevision: string | undefined;
  #listId: RequestId | undefined;
  #isInitialized: boolean;

  /** `record` is what was recorded earlier. */
  constructor(record: SessionRecord | undefined, onRecord: (record: SessionRecord) => void) {
    this.#onRecord = onRecord;
    this.#record = record;
    this.#isInitialized = record !== undefined;
    this.#revision = record?.revision;
    this.#clientRevision = record === undefined ? undefined : clientRevisionOf(record);
  }

  /** Undefined until the client has sent `notifications/initialized`. */
  get record(): SessionRecord | undefined {
    return this.#record;
  }

  /** Whether the handshake is complete, done by the client or on its behalf. */
  get isInitialized(): boolean {
    return this.#isInitialized;
  }

  /** The negotiated revision: what the server responded to `initialize`. */
  get revision(): string | undefined {
    return this.#revision;
  }

  /** The revision that the client requested in `initialize`. */
  get clientRevision(): string | undefined {
    return this.#clientRevision;
  }

  /** The record; if there is none, `other` becomes the record. */
  recallOr(other: () => SessionRecord): SessionRecord {
    this.#record ??= other();
    this.#isInitialized = true;
    return this.#record;
  }

  message(frame: Frame): void {
    if (frame.kind === "request") this.#request(frame);
    else if (frame.kind === "notification") this.#notification(frame);
  }

  response(frame: ResponseFrame): void {
    if (frame.failed) return;
    if (frame.id === this.#initialize?.id) this.#onInitialized(resultOf(frame.line));
    if (frame.id === this.#listId) this.listed(frame);
  }

  #request(frame: RequestFrame): void {
    const { id, method, params } = frame;
    switch (method) {
      case methods.initialize:
        this.#initialize = frame;
        this.#clientRevision = revisionIn(params);
        return;
      case methods.listTools:
        if (params?.["cursor"] === undefined) this.#listId = id;
        return;
      case methods.setLevel:
        return this.#setLevel(params?.["level"]);
      case methods.subscribe:
        return this.#subscribe(params?.["uri"], true);
      case methods.unsubscribe:
        return this.#subscribe(params?.["uri"], false);
      default:
    }
  }

  #notification({ method }: NotificationFrame): void {
    if (method !== methods.initialized) return;
    this.#isInitialized = true;
    const initialize = this.#initialize;
    this.#initialize = undefined;
    if (initialize === undefined || initialize.line.length > MAX_INITIALIZE) return;
    const [serverDigest, revision] = [this.#serverDigest, this.#revision];
    this.#keep({ initialize: initialize.line.toString(), serverDigest, revision });
  }

  #onInitialized(result: JsonObject): void {
    this.#serverDigest = serverDigestOf(result);
    this.#revision = revisionIn(result);
  }

  /** A new process has responded to the same `initialize`. True when it describes itself differently. */
  greeted(result: JsonObject): boolean {
    const before = this.#record?.serverDigest;
    this.#onInitialized(result);
    if (this.#record === undefined || before === this.#serverDigest) return false;
    this.#keep({ ...this.#record, serverDigest: this.#serverDigest });
    return before !== undefined;
  }

  /** The tools that were listed by the client, or by the gateway on its behalf. True when they have changed. */
  listed({ line }: ResponseFrame): boolean {
    if (this.#record === undefined || line.length > MAX_TOOLS) return false;
    const toolsDigest = digestOf(resultText(line).toString());
    if (toolsDigest === this.#record.toolsDigest) return false;
    this.#keep({ ...this.#record, toolsDigest });
    return true;
  }

  #setLevel(level: unknown): void {
    if (this.#record === undefined || typeof level !== "string" || level.length > 32) return;
    this.#keep({ ...this.#record, logLevel: level });
  }

  #subscribe(uri: unknown, wanted: boolean): void {
    if (this.#record === undefined || typeof uri !== "string" || uri.length > MAX_SUBSCRIPTIONS) return;
    const others = (this.#record.subscriptions ?? []).filter((known) => known !== uri);
    const subscriptions = wanted ? [...others, uri] : others;
    while (charactersOf(subscriptions) > MAX_SUBSCRIPTIONS) subscriptions.shift();
    this.#keep({ ...this.#record, subscriptions });
  }

  #keep(record: SessionRecord): void {
    this.#record = record;
    this.#onRecord(record);
  }
}

function serverDigestOf({ serverInfo, capabilities }: JsonObject): string {
  return digestOf(JSON.stringify([serverInfo, isObject(capabilities) ? capabilities : {}]));
}

const clientRevisionOf = ({ initialize }: SessionRecord): string | undefined =>
  revisionIn(member(JSON.parse(initialize), "params"));

const charactersOf = (texts: readonly string[]): number => texts.reduce((sum, { length }) => sum + length, 0);

const digestOf = (text: string): string => hash("sha256", text, "base64url").slice(0, 22);
