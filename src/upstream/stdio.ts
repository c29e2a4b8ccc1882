import { LineSplitter, type Line } from "../lib/lines.ts";
import { oneSafeLine } from "../lib/redactor.ts";
import { Sampler } from "../lib/sampler.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { Frame } from "../protocol/frame.ts";
import { idInEnds, mayBeMessage, readServerLine } from "../protocol/server-frame.ts";
import type { SessionLabel, Upstream, UpstreamListener } from "../protocol/upstream.ts";
import type { CrashLoop } from "./crash-loop.ts";
import { cutOffError, exitError, spawnError, strayOutputError } from "./exit-error.ts";
import type { UpstreamContext } from "./kind.ts";
import { Outbox } from "./outbox.ts";
import { ServerProcess, type ProcessExit } from "./server-process.ts";
import { StderrTail } from "./stderr-tail.ts";
import { StrayOutput } from "./stray-output.ts";

const SAMPLE_LENGTH = 200;
/** More than is shown, so that a secret is whole when it is masked. */
const MASKED_LENGTH = 8_192;
const BAD_MESSAGES_PER_SECOND = 5;
/** A line that is longer than `limits.messageBytes` by this has no end. */
const MAX_EXCESS_BYTES = 64 * 1024 * 1024;

export interface StdioCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly path: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly inheritEnv: boolean;
  /** Callers may read the last words of the process. */
  readonly exposeStderr: boolean;
}

export interface StdioOptions {
  readonly command: StdioCommand;
  readonly label: SessionLabel;
  readonly listener: UpstreamListener;
  readonly context: UpstreamContext;
  readonly crashLoop: CrashLoop;
  /** Started for no session yet: `label` and `listener` are those of who keeps it. */
  readonly isWarm?: boolean;
}

/** One MCP server process (MCP, stdio transport). */
export class StdioUpstream implements Upstream {
  readonly #options: Omit<StdioOptions, "label" | "listener" | "isWarm">;
  #label: SessionLabel;
  #listener: UpstreamListener;
  readonly #outbox: Outbox;
  readonly #stderr: StderrTail;
  readonly #stdout: LineSplitter;
  readonly #stray: StrayOutput;
  /** Since the last end of a line. */
  #unfinishedBytes = 0;
  readonly #badMessages = new Sampler(BAD_MESSAGES_PER_SECOND);
  #leaveQueue: () => void = () => undefined;
  #process: ServerProcess | undefined;
  /** When it was started, or came to its session. */
  #startedAt = 0;
  #isWarm: boolean;
  #isStarting = false;
  #isPaused = false;
  #isOver = false;
  #closing: Promise<void> | undefined;

  constructor({ label, listener, isWarm = false, ...options }: StdioOptions) {
    this.#options = options;
    this.#isWarm = isWarm;
    this.#label = label;
    this.#listener = listener;
    const { context, crashLoop } = options;
    const { emit, redactor } = context;
    this.#outbox = new Outbox((cause) =>
      emit({ type: "trouble", what: `messages for "${this.#label.server}" could not be written`, cause }),
    );
    this.#stderr = new StderrTail(
      (text, dropped) => emit({ type: "server.stderr", ...this.#label, text, dropped }),
      (text) => redactor.text(text),
    );
    this.#stray = new StrayOutput((text, dropped) => {
      const sample = oneSafeLine(redactor.text(text), SAMPLE_LENGTH);
      emit({ type: "server.garbage", ...this.#label, sample, dropped });
    });
    this.#stdout = new LineSplitter(context.messageBytes, {
      line: (line) => this.#onLine(line),
      tooLong: (head, tail, bytes) => this.#onTooLong(head, tail, bytes),
      isWorthReading: mayBeMessage,
      skipped: (bytes, start, end) => this.#onSkipped(bytes, start, end),
    });
    crashLoop.check();
    context.descriptors.checkRoom();
    this.#leaveQueue = context.startGate.enter(
      label.server,
      () => this.#start(),
      (error) => this.#end(error),
    );
  }

  /** Gives it to a session, when it was started for none. */
  adopt(label: SessionLabel, listener: UpstreamListener): this {
    this.#label = label;
    this.#listener = listener;
    this.#isWarm = false;
    this.#startedAt = performance.now();
    const pid = this.#process?.pid;
    if (pid !== undefined) this.#options.context.emit({ type: "server.adopted", ...label, pid });
    this.resume();
    return this;
  }

  /** Its process is gone, which its listener may not have been told yet. */
  get hasExited(): boolean {
    return this.#isOver || this.#process?.hasExited === true;
  }

  checkRoom(): void {
    if (this.#outbox.waitingBytes <= this.#options.context.queueBytes) return;
    throw new GatewayError("queue_full", `The MCP server "${this.#label.server}" does not read its input.`, {
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

  /** It has spoken, or is gone, or has had its time: its place among the starting ones is free. */
  started(): void {
    if (!this.#isStarting) return;
    this.#isStarting = false;
    this.#options.context.startGate.leave(this.#label.server);
  }

  async #close(): Promise<void> {
    this.#leaveQueue();
    this.started();
    if (this.#process?.pid === undefined) return;
    await this.#process.end();
    this.#options.context.population.gone(this.#label.server);
  }

  #start(): void {
    const { command, context } = this.#options;
    this.#isStarting = true;
    this.#startedAt = performance.now();
    const { gatewayEnv, reaper, emit } = context;
    // It may have waited for its turn.
    context.descriptors.checkRoom();
    const process = new ServerProcess(
      { command, gatewayEnv, reaper, emit },
      {
        output: (chunk) => this.#read(chunk),
        errors: (chunk) => this.#stderr.push(chunk),
        failed: (cause) => this.#end(spawnError(this.#label.server, command, cause)),
        exited: (exit) => this.#onExit(exit),
        finished: (exit) => this.#onFinish(exit),
        cutOff: (what) => this.#end(cutOffError(this.#label.server, what, this.#stderr.last(1_024))),
      },
    );
    this.#process = process;
    const { pid, stdin } = process;
    if (pid === undefined || stdin === undefined) return;
    if (this.#isPaused) process.pause();
    this.#outbox.open(stdin);
    context.population.born(this.#label.server);
    emit({ type: "server.started", ...this.#label, pid, command: command.command });
  }

  #read(chunk: Buffer): void {
    this.#unfinishedBytes += chunk.length;
    this.#stdout.push(chunk);
    const isEndless = this.#unfinishedBytes > this.#options.context.messageBytes + MAX_EXCESS_BYTES;
    if (isEndless || this.#stray.isTooMuch) this.#end(strayOutputError(this.#label.server));
  }

  #onLine(line: Line): void {
    if (this.#isOver) return;
    this.#unfinishedBytes = 0;
    const frame = readServerLine(line);
    if (frame === undefined) return this.#stray.addParsed(line.length, () => line.slice(0, MASKED_LENGTH).toString());
    this.started();
    if (frame.kind === "none") {
      this.#stray.addParsed(line.length);
      return this.#onBadMessage(frame.id, frame.why);
    }
    this.#stray.reset();
    this.#pass(frame);
  }

  /** What one message sets off must not cost those behind it. */
  #pass(frame: Frame): void {
    try {
      this.#listener.frame(frame);
    } catch (cause) {
      const what = `a message of "${this.#label.server}" was lost`;
      this.#options.context.emit({ type: "trouble", what, cause });
    }
  }

  #onSkipped(bytes: Buffer, start: number, end: number): void {
    this.#unfinishedBytes = 0;
    this.#stray.add(end - start, () => bytes.toString("utf8", start, Math.min(end, start + MASKED_LENGTH)));
  }

  #onTooLong(head: string, tail: string, bytes: number): void {
    this.#unfinishedBytes = 0;
    this.#stray.addLong();
    this.#onBadMessage(idInEnds(head, tail), `a message of ${bytes} bytes is over limits.messageBytes`);
  }

  #onBadMessage(id: ReturnType<typeof idInEnds>, why: string): void {
    const dropped = this.#badMessages.take();
    if (dropped !== undefined) {
      this.#options.context.emit({ type: "server.bad-message", ...this.#label, why, dropped });
    }
    if (id === undefined) return;
    const message = `The MCP server "${this.#label.server}" sent a message that cannot be passed on: ${why}.`;
    this.#listener.badMessage(id, new GatewayError("server_bad_message", message));
  }

  #onExit({ code, signal }: ProcessExit): void {
    const { context, crashLoop } = this.#options;
    context.emit({ type: "server.exited", ...this.#label, code, signal, asked: this.#isOver });
    // What nobody used says nothing of how the server serves, and its keeper does not start it again by itself.
    if (!this.#isOver && !this.#isWarm) crashLoop.exited(performance.now() - this.#startedAt);
  }

  #onFinish(exit: ProcessExit): void {
    const stderr = this.#stderr.last(1_024);
    this.#end(exitError(this.#label.server, this.#options.command, { ...exit, stderr }));
  }

  /** Ended without being asked. Tells the session once; the group may still hold processes, so it is closed all the same. */
  #end(error: GatewayError): void {
    if (this.#isOver) return;
    this.#options.context.emit({ type: "server.failed", ...this.#label, error });
    void this.close();
    this.#listener.ended(error);
  }
}
