import type { JsonObject } from "../lib/json.ts";
import { isLogLevel } from "../protocol/eras/to-modern.ts";
import { toGatewayError, type GatewayError } from "../protocol/errors.ts";
import { guarded } from "../protocol/events.ts";
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { notificationLine, resultLine, rpcErrorLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { CallerHeaders, Destination, Upstream, UpstreamListener } from "../protocol/upstream.ts";
import { aimOf, renamed, subjectOf } from "./addressing.ts";
import type { Aggregate } from "./aggregate.ts";
import { LISTS, type ListKind } from "./listings.ts";
import { Members, type MemberOptions } from "./members.ts";
import { OwnLists } from "./own-lists.ts";
import { unknownError } from "./unknown.ts";

export interface AggregateUpstreamOptions extends Omit<
  MemberOptions,
  "deliver" | "failed" | "lost" | "listsChanged" | "left"
> {
  readonly aggregate: Aggregate;
  readonly destination: Destination;
  readonly listener: UpstreamListener;
  /** A server has announced that one of its lists has changed. */
  readonly onListsChanged: (server: string) => void;
}

const LISTS_CHANGED = [methods.toolsChanged, methods.promptsChanged, methods.resourcesChanged];

/**
 * The upstream of a session on an endpoint in front of several servers. It answers itself what is about the endpoint; what is
 * about a tool, a prompt or a resource goes to the server that has it, under the name that it has there.
 */
export class AggregateUpstream implements Upstream {
  readonly #options: AggregateUpstreamOptions;
  readonly #aggregate: Aggregate;
  readonly #members: Members;
  readonly #own: OwnLists;
  readonly #leave: () => void;
  /** Requests for lists that are not all there yet. */
  readonly #waiting = new Set<RequestId>();
  #isOver = false;

  constructor(options: AggregateUpstreamOptions) {
    const { aggregate } = options;
    this.#options = options;
    this.#aggregate = aggregate;
    this.#members = new Members({
      ...options,
      deliver: (frame) => this.#tell(frame),
      failed: (id, error, open) => options.listener.badMessage(id, error, open),
      lost: (error) => this.#end(error),
      listsChanged: (server) => {
        options.onListsChanged(server);
        this.#own.changed(server);
      },
      left: (server) => this.#own.left(server),
    });
    this.#own = new OwnLists(aggregate, this.#members, () => {
      for (const method of LISTS_CHANGED)
        this.#tell({ kind: "notification", method, params: undefined, line: notificationLine(method) });
    });
    this.#leave = aggregate.join({ tell: (frame) => this.#tell(frame) });
  }

  /** What a server has no room for is refused by itself, because it says nothing of the others. */
  checkRoom(): void {}

  send(frame: Frame, caller?: CallerHeaders): void {
    switch (frame.kind) {
      case "request":
        return this.#request(frame, caller);
      case "notification":
        return this.#notification(frame, caller);
      case "response":
        return this.#members.answered(frame, caller);
    }
  }

  pause(): void {
    this.#members.pause();
  }

  resume(): void {
    this.#members.resume();
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#waiting.clear();
    this.#leave();
    await this.#members.close();
  }

  #request(frame: RequestFrame, caller: CallerHeaders | undefined): void {
    const list = LISTS.get(frame.method);
    if (list !== undefined) return this.#list(frame, list, caller);
    switch (frame.method) {
      case methods.initialize:
        return this.#initialize(frame);
      case methods.ping:
        return this.#answer(frame.id, {});
      case methods.setLevel:
        return this.#setLevel(frame);
      default:
        return this.#pass(frame, caller);
    }
  }

  #initialize({ id, params = {} }: RequestFrame): void {
    const { destination, emit } = this.#options;
    const result = this.#aggregate.introduce(params, destination.principal);
    const { protocolVersion } = result;
    this.#members.initialize = { capabilities: {}, ...params, protocolVersion };
    // Not at once: this is sent while the connection is still being made, and nobody listens yet.
    queueMicrotask(() =>
      guarded(emit, `a client of "${this.#aggregate.name}" could not be greeted`, () => this.#answer(id, result)),
    );
  }

  #setLevel({ id, params }: RequestFrame): void {
    const level = params?.["level"];
    if (!isLogLevel(level)) return this.#refuse(id, -32602, "No such log level");
    this.#members.setLevel(level);
    this.#answer(id, {});
  }

  /** Answered at once if everything is known that can be waited for. */
  #list({ id, params }: RequestFrame, kind: ListKind, caller: CallerHeaders | undefined): void {
    const waiting = this.#own.gather(caller);
    const answer = (): void => this.#tell(this.#own.lists.listings.answer(kind, id, params));
    if (waiting === undefined) answer();
    else this.#later(id, waiting, answer);
  }

  /** Unless the client has cancelled the request by then. */
  #later(id: RequestId, waiting: Promise<void>, run: () => void): void {
    this.#waiting.add(id);
    const { emit } = this.#options;
    void waiting.then(() =>
      guarded(emit, `a request to "${this.#aggregate.name}" could not be answered`, () => {
        if (this.#waiting.delete(id)) run();
      }),
    );
  }

  /** Waits for lists that were never fetched if it is not clear what is meant, unless it is the `isLast` attempt. */
  #pass(frame: RequestFrame, caller: CallerHeaders | undefined, isLast = false): void {
    const { table } = this.#own.lists;
    const subject = subjectOf(frame);
    const route = subject === undefined ? table.routeOf(frame.method) : undefined;
    const aim = subject === undefined ? undefined : aimOf(subject, table);
    const doubt = subject === undefined || isLast ? undefined : this.#aggregate.doubtAbout(subject, aim);
    if (doubt !== undefined) return this.#later(frame.id, doubt, () => this.#pass(frame, caller, true));
    const server = route ?? aim?.server;
    if (server === undefined) return this.#tell(unknownError(frame, subject));
    const passed = aim === undefined ? frame : renamed(frame, aim.name);
    if (aim !== undefined) this.#members.noteSubscription(frame, aim);
    try {
      this.#members.send(server, passed, caller);
    } catch (thrown) {
      const error: GatewayError = toGatewayError(thrown);
      this.#options.listener.badMessage(frame.id, error);
    }
  }

  #notification(frame: NotificationFrame, caller: CallerHeaders | undefined): void {
    switch (frame.method) {
      case methods.initialized:
        return;
      case methods.cancelled:
        return this.#cancel(frame, caller);
      case methods.progress:
        return this.#members.progressed(frame, caller);
      default:
        // About the client, not about one of the servers: its roots have changed.
        this.#members.tellAll(frame, caller);
    }
  }

  #cancel(frame: NotificationFrame, caller: CallerHeaders | undefined): void {
    const id = frame.params?.["requestId"];
    if (typeof id !== "string" && typeof id !== "number") return;
    if (!this.#waiting.delete(id)) this.#members.cancel(id, frame, caller);
  }

  /** The session must end with a server that holds state. */
  #end(error: GatewayError): void {
    if (this.#isOver) return;
    void this.close();
    this.#options.listener.ended(error);
  }

  #answer(id: RequestId, result: JsonObject): void {
    this.#tell({ kind: "response", id, failed: false, line: resultLine(id, result) });
  }

  #refuse(id: RequestId, code: number, message: string): void {
    const answer: ResponseFrame = { kind: "response", id, failed: true, line: rpcErrorLine(id, code, message) };
    this.#tell(answer);
  }

  #tell(frame: Frame): void {
    if (!this.#isOver) this.#options.listener.frame(frame);
  }
}
