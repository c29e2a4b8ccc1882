import type { IncomingHttpHeaders } from "node:http";
import { revisionIn } from "../../protocol/eras/revisions.ts";
import type { Frame } from "../../protocol/frame.ts";
import { resultOf } from "../../protocol/result-text.ts";

/** Visible ASCII (MCP 2025-11-25, transports, session management), and no longer than any server makes it. */
const SESSION_ID = /^[\x21-\x7e]{1,1024}$/;
const REVISION = /^[\w.-]{1,32}$/;

/** What client and server have agreed on, and every later request repeats. */
export class RemoteSession {
  #id: string | undefined;
  #revision: string | undefined;
  #headers: readonly string[] = [];

  get id(): string | undefined {
    return this.#id;
  }

  /** Names and values in turn. */
  get headers(): readonly string[] {
    return this.#headers;
  }

  /** The server does not know it any more. */
  forget(): void {
    this.#id = undefined;
    this.#write();
  }

  /** The response to `initialize` has begun. */
  begun({ "mcp-session-id": id }: IncomingHttpHeaders): void {
    if (typeof id === "string" && SESSION_ID.test(id)) this.#id = id;
    this.#write();
  }

  /** The response to `initialize`. */
  agreed(answer: Frame | undefined): void {
    if (answer?.kind !== "response" || answer.failed) return;
    const revision = revisionIn(resultOf(answer.line));
    if (revision !== undefined && REVISION.test(revision)) this.#revision = revision;
    this.#write();
  }

  #write(): void {
    this.#headers = [
      ...(this.#id === undefined ? [] : ["mcp-session-id", this.#id]),
      ...(this.#revision === undefined ? [] : ["mcp-protocol-version", this.#revision]),
    ];
  }
}
