import type { Answer } from "./answer.ts";
import { CUT, reasonIn, type Reply } from "./rpc.ts";
import type { Headers, Visitor } from "./visitor.ts";
import type { Wire } from "./wire.ts";

/** A REST caller with a session id of its own choice. */
export class Rest {
  readonly visitor: Visitor;
  readonly server: string;
  readonly wire: Wire;
  readonly sessionId: string;

  constructor(visitor: Visitor, server: string) {
    this.visitor = visitor;
    this.server = server;
    this.wire = visitor.connect();
    this.sessionId = `rest-${visitor.who}`;
  }

  post(tool: string, args: object, headers: Headers = {}): string {
    const path = `/api/${this.server}/${encodeURIComponent(tool)}?sessionId=${this.sessionId}`;
    return this.visitor.request("POST", path, headers, JSON.stringify(args));
  }

  async ask(tool: string, args: object, headers: Headers = {}): Promise<Reply> {
    this.wire.write(this.post(tool, args, headers));
    return restReply(await this.wire.next(`call of ${this.server} ${tool} on REST`));
  }

  async close(): Promise<number> {
    this.wire.write(this.visitor.request("DELETE", `/api/sessions/${this.sessionId}`));
    return (await this.wire.next("DELETE of a REST session")).status;
  }
}

export function restReply(answer: Answer): Reply {
  if (answer.isStream) {
    const last = answer.events.find(({ event }) => event === "result" || event === "error");
    if (last === undefined) return CUT;
    return { end: last.event === "result" ? "answer" : (reasonIn(last.data) ?? "error"), text: last.data };
  }
  if (answer.isCut) return CUT;
  const { status, text } = answer;
  return { end: status === 200 ? "answer" : (reasonIn(text) ?? `status ${status}`), text };
}
