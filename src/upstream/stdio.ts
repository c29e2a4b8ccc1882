import { oneSafeLine } from "../lib/redactor.ts";
import { GatewayError } from "../protocol/errors.ts";
import { principalKey } from "../protocol/principal.ts";
import type { Frame } from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";
import type { Destination, ServerProcessFacts, Upstream, UpstreamListener } from "../protocol/upstream.ts";
import type { CrashLoop } from "./crash-loop.ts";
import { cutOffError, exitError, spawnError, strayOutputError } from "./exit-error.ts";
import type { UpstreamContext } from "./kind.ts";
import { Outbox } from "./outbox.ts";
import type { Member, Population } from "./population.ts";
import type { Reaper } from "./reaper.ts";
import { ServerOutput } from "./server-output.ts";
import { ServerProcess, type ProcessExit } from "./server-process.ts";
import type { StartQueue } from "./start-queue.ts";
import { StderrTail } from "./stderr-tail.ts";
import type { StdioCommand } from "./stdio-command.ts";

const SAMPLE_LENGTH = 200;

/** State shared by the processes of all entries. */
export interface StdioContext extends UpstreamContext {
  readonly reaper: Reaper;
  readonly startQueue: StartQueue;
  readonly population: Population;
}

export interface StdioOptions {
  readonly command: StdioCommand;
  readonly destination: Destination;
  readonly listener: UpstreamListener;
  readonly context: StdioContext;
  readonly crashLoop: CrashLoop;
  /** Started ahead of need: `destination` and `listener` are the pool's until a session adopts it. */
  readonly isWarm?: boolean;
}

/** One MCP server process (MCP, stdio transport). */
export class StdioUpstream implements Upstream, Member {
  readonly #options: Omit<StdioOptions, "destination" | "listener" | "isWarm">;
  #destination: Destination;
  #listener: UpstreamListener;
  readonly #outbox: Outbox;
  readonly #stderr: StderrTail;
  readonly #stdout: ServerOutput;
  #leaveQueue: () => void = () => undefined;
  #process: ServerProcess | undefined;
  /** When it was started, or adopted by its session. */
  #startedAt = 0;
  #isWarm: boolean;
  #isStarting = false;
  /** It has sent a message. */
  #hasSpoken = false;
  #isPaused = false;
  #isOver = false;
  #closing: Promise<void> | undefined;

  constructor({ destination, listener, isWarm = false, ...options }: StdioOptions) {
    this.#options = options;
    this.#isWarm = isWarm;
    this.#destination = destination;
    this.#listener = listener;
    const { context, crashLoop } = options;
    const { emit, redactor } = context;
    this.#outbox = new Outbox((cause) =>
      emit({ type: "trouble", what: `messages for "${this.#destination.server}" could not be written`, cause }),
    );
    this.#stderr = new StderrTail(
      (text, dropped) => emit({ type: "server.stderr", ...this.#names, text, dropped }),
      (text) => redactor.text(text),
    );
    this.#stdout = new ServerOutput(context.messageBytes, {
      frame: (frame) => this.#pass(frame),
      badMessage: (id, why) => this.#passBad(id, why),
      endless: () => this.#end(strayOutputError(this.#destination.server)),
      badSample: (why, dropped) => emit({ type: "server.bad-message", ...this.#names, why, dropped }),
      straySample: (text, dropped) => {
        const sample = oneSafeLine(redactor.text(text), SAMPLE_LENGTH);
        emit({ type: "server.garbage", ...this.#names, sample, dropped });
      },
    });
    crashLoop.check();
    context.descriptors.checkRoom();
    this.#leaveQueue = context.startQueue.enter(
      destination.server,
      () => this.#start(),
      (error) => this.#end(error),
    );
  }

  /** Hands a pre-warmed process over to a session. */
  adopt(destination: Destination, listener: UpstreamListener): this {
    this.#destination = destination;
    this.#listener = listener;
    this.#isWarm = false;
    this.#startedAt = performance.now();
    const pid = this.#process?.pid;
    if (pid !== undefined) this.#options.context.emit({ type: "server.adopted", ...this.#names, pid });
    this.resume();
    return this;
  }

  /** The ids that its events carry. */
  get #names(): { readonly server: string; readonly sessionId: string } {
    const { server, sessionId } = this.#destination;
    return { server, sessionId };
  }

  /** True once the process has exited, possibly before the listener is told. */
  get hasExited(): boolean {
    return this.#isOver || this.#process?.hasExited === true;
  }

  get facts(): ServerProcessFacts | undefined {
    const pid = this.#process?.pid;
    return pid === undefined
      ? undefined
      : { pid, ...this.#names, principal: principalKey(this.#destination.principal), state: this.#state };
  }

  get #state(): ServerProcessFacts["state"] {
    if (this.#closing !== undefined) return "ending";
    if (this.#isStarting) return "starting";
    return this.#isWarm ? "warm" : "used";
  }

  checkRoom(): void {
    if (this.#outbox.waitingBytes <= this.#options.context.queueBytes) return;
    throw new GatewayError("queue_full", `The MCP server "${this.#destination.server}" does not read its input.`, {
      retryAfterMs: 1_000,
    });
  }

  send({ line }: Frame): void {
    this.#outbox.push(line);
  }

  pause(): void {
    this.#isPaused = true;
    this.#process?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#process?.resume();
  }

  close(): Promise<void> {
    this.#isOver = true;
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Its start is over (it responded, exited or timed out): frees its place in the start queue. */
  started(): void {
    if (!this.#isStarting) return;
    this.#isStarting = false;
    this.#options.context.startQueue.leave(this.#destination.server);
  }

  async #close(): Promise<void> {
    this.#leaveQueue();
    this.started();
    if (this.#process?.pid === undefined) return;
    await this.#process.end();
    this.#options.context.population.remove(this.#destination.server, this);
  }

  #start(): void {
    const { command, context } = this.#options;
    this.#isStarting = true;
    this.#startedAt = performance.now();
    const { gatewayEnv, reaper, emit } = context;
    // Checked again, because the start may have waited in the queue.
    context.descriptors.checkRoom();
    const process = new ServerProcess(
      { command, gatewayEnv, reaper, emit },
      {
        output: (chunk) => this.#stdout.push(chunk),
        errors: (chunk) => this.#stderr.push(chunk),
        failed: (cause) => this.#end(spawnError(this.#destination.server, command, cause)),
        exited: (exit) => this.#onExit(exit),
        finished: (exit) => this.#onFinish(exit),
        cutOff: (what) => this.#end(cutOffError(this.#destination.server, what, this.#stderr.last(1_024))),
      },
    );
    this.#process = process;
    const { pid, stdin } = process;
    if (pid === undefined || stdin === undefined) return;
    if (this.#isPaused) process.pause();
    this.#outbox.open(stdin);
    context.population.add(this.#destination.server, this);
    const { requestId } = this.#destination;
    const isWarm = this.#isWarm;
    emit({ type: "server.started", ...this.#names, pid, command: command.command, isWarm, requestId });
  }

  /** An error in handling one message must not lose the messages behind it. */
  #pass(frame: Frame): void {
    if (this.#isOver) return;
    this.started();
    if (!this.#hasSpoken) this.#onFirstMessage();
    try {
      this.#listener.frame(frame);
    } catch (cause) {
      const what = `a message of "${this.#destination.server}" was lost`;
      this.#options.context.emit({ type: "trouble", what, cause });
    }
  }

  #onFirstMessage(): void {
    this.#hasSpoken = true;
    const pid = this.#process?.pid;
    if (pid === undefined) return;
    this.#options.context.emit({
      type: "server.ready",
      ...this.#names,
      pid,
      ms: performance.now() - this.#startedAt,
    });
  }

  #passBad(id: RequestId | undefined, why: string): void {
    this.started();
    const message = `The MCP server "${this.#destination.server}" sent a message that cannot be passed on: ${why}.`;
    this.#listener.badMessage(id, new GatewayError("protocol_violation", message));
  }

  #onExit({ code, signal }: ProcessExit): void {
    const { context, crashLoop } = this.#options;
    const pid = this.#process?.pid;
    if (pid !== undefined)
      context.emit({ type: "server.exited", ...this.#names, pid, code, signal, asked: this.#isOver });
    // The exit of an unused process says nothing about how the server behaves in use, and the pool does not restart it immediately.
    if (!this.#isOver && !this.#isWarm) crashLoop.exited(performance.now() - this.#startedAt);
  }

  #onFinish(exit: ProcessExit): void {
    const stderr = this.#stderr.last(1_024);
    this.#end(exitError(this.#destination.server, this.#options.command, { ...exit, stderr }));
  }

  /** The process ended unexpectedly. Tells the session once; other processes of the group may be alive, so the group is closed too. */
  #end(error: GatewayError): void {
    if (this.#isOver) return;
    this.#options.context.emit({ type: "server.failed", ...this.#names, error, wasReady: this.#hasSpoken });
    void this.close();
    this.#listener.ended(error);
  }
}
