import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { randomUUID } from "node:crypto";
import { LineSplitter, type Line } from "../lib/lines.ts";
import { oneSafeLine } from "../lib/redactor.ts";
import { GatewayError } from "../protocol/errors.ts";
import { idInEnds, readServerLine } from "../protocol/server-frame.ts";
import type { SessionLabel, Upstream, UpstreamListener } from "../protocol/upstream.ts";
import { childEnv } from "./child-env.ts";
import type { CrashLoop } from "./crash-loop.ts";
import { exitError, spawnError } from "./exit-error.ts";
import type { UpstreamContext } from "./kind.ts";
import { Outbox } from "./outbox.ts";
import { ProcessGroup } from "./process-group.ts";
import { StderrTail } from "./stderr-tail.ts";

const STAGES = { eofMs: 2_000, termMs: 3_000 };
/** After an exit, what the child wrote last is still in the pipe; a grandchild may hold that pipe open for ever. */
const LAST_WORDS_MS = 250;
const SAMPLE_LENGTH = 200;
/** More than is shown, so that a secret is whole when it is masked. */
const MASKED_LENGTH = 8_192;

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

/** One MCP server process (MCP, stdio transport), the leader of its own process group. */
export class StdioUpstream implements Upstream {
  readonly #options: Omit<StdioOptions, "label" | "listener" | "isWarm">;
  #label: SessionLabel;
  #listener: UpstreamListener;
  readonly #outbox = new Outbox();
  readonly #stderr: StderrTail;
  readonly #stdout: LineSplitter;
  #leaveQueue: () => void = () => undefined;
  #child: ChildProcessWithoutNullStreams | undefined;
  #group: ProcessGroup | undefined;
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
    const { context } = options;
    this.#stderr = new StderrTail(
      (text, dropped) => context.emit({ type: "server.stderr", ...this.#label, text, dropped }),
      (text) => context.redactor.text(text),
    );
    this.#stdout = new LineSplitter(context.messageBytes, {
      line: (line) => this.#onLine(line),
      tooLong: (head, tail, bytes) => this.#onTooLong(head, tail, bytes),
    });
    options.crashLoop.check();
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
    const pid = this.#child?.pid;
    if (pid !== undefined) this.#options.context.emit({ type: "server.adopted", ...label, pid });
    this.resume();
    return this;
  }

  /** Its process is gone, which its listener may not have been told yet. */
  get hasExited(): boolean {
    return this.#isOver || this.#child?.exitCode !== null || this.#child.signalCode !== null;
  }

  send(line: Line): void {
    if (this.#outbox.waitingBytes > this.#options.context.queueBytes) {
      throw new GatewayError("queue_full", `The MCP server "${this.#label.server}" does not read its input.`, {
        retryAfterMs: 1_000,
      });
    }
    this.#outbox.push(line);
  }

  pause(): void {
    this.#isPaused = true;
    this.#child?.stdout.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#child?.stdout.resume();
  }

  close(): Promise<void> {
    this.#isOver = true;
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#leaveQueue();
    this.started();
    const group = this.#group;
    if (group === undefined) return;
    const { reaper, population } = this.#options.context;
    reaper.ending(group.pid);
    // A child that is blocked on a full stdout could not see the end of its stdin.
    this.#child?.stdout.removeAllListeners("data").resume();
    await group.end(STAGES);
    this.#child?.stdout.destroy();
    this.#child?.stderr.destroy();
    reaper.ended(group.pid);
    population.gone(this.#label.server);
  }

  #start(): void {
    this.#isStarting = true;
    this.#startedAt = performance.now();
    const { command, context } = this.#options;
    const cookie = randomUUID();
    const child = this.#spawn(cookie);
    if (child === undefined) return;
    this.#child = child;
    child.once("error", (cause) => this.#onSpawnError(cause));
    child.stdin.on("error", (cause) =>
      context.emit({ type: "trouble", what: `stdin of "${this.#label.server}" closed`, cause }),
    );
    child.stdout.on("data", (chunk: Buffer) => this.#stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => this.#stderr.push(chunk));
    child.once("exit", (code, signal) => this.#onExit(child, code, signal));
    if (child.pid === undefined) return;
    this.#group = new ProcessGroup(child, child.pid);
    context.reaper.started(child.pid, cookie);
    if (this.#isPaused) child.stdout.pause();
    this.#outbox.open(child.stdin);
    context.population.born(this.#label.server);
    context.emit({ type: "server.started", ...this.#label, pid: child.pid, command: command.command });
  }

  #spawn(cookie: string): ChildProcessWithoutNullStreams | undefined {
    const { command, context } = this.#options;
    const { gatewayEnv } = context;
    try {
      return spawn(command.command, command.args, {
        cwd: command.path,
        env: childEnv({ gatewayEnv, inheritAll: command.inheritEnv, own: command.env, cookie }),
        // Its own process group, so that the whole tree can be signalled.
        detached: true,
        stdio: "pipe",
      });
    } catch (cause) {
      // spawn throws where the arguments themselves are impossible (E2BIG, a NUL byte).
      // Not on the caller's stack: its session does not know this upstream yet.
      queueMicrotask(() => this.#onSpawnError(cause));
      return undefined;
    }
  }

  #onSpawnError(cause: unknown): void {
    this.#end(spawnError(this.#label.server, this.#options.command, cause));
  }

  #onLine(line: Line): void {
    const { context } = this.#options;
    const frame = readServerLine(line);
    if (frame === undefined) {
      const sample = oneSafeLine(context.redactor.text(line.toString().slice(0, MASKED_LENGTH)), SAMPLE_LENGTH);
      return context.emit({ type: "server.garbage", ...this.#label, sample });
    }
    this.started();
    if (frame.kind !== "none") return this.#tell(() => this.#listener.frame(frame));
    this.#onBadMessage(frame.id, frame.why);
  }

  /** What a message sets off must not end the gateway, whatever it is. */
  #tell(what: () => void): void {
    try {
      what();
    } catch (cause) {
      this.#options.context.emit({
        type: "trouble",
        what: `a message of "${this.#label.server}" was lost`,
        cause,
      });
    }
  }

  #onTooLong(head: string, tail: string, bytes: number): void {
    this.#onBadMessage(idInEnds(head, tail), `a message of ${bytes} bytes is over limits.messageBytes`);
  }

  #onBadMessage(id: ReturnType<typeof idInEnds>, why: string): void {
    this.#options.context.emit({ type: "server.bad-message", ...this.#label, why });
    const message = `The MCP server "${this.#label.server}" sent a message that cannot be passed on: ${why}.`;
    this.#tell(() => this.#listener.badMessage(id, new GatewayError("server_bad_message", message)));
  }

  #onExit(child: ChildProcessWithoutNullStreams, code: number | null, signal: NodeJS.Signals | null): void {
    const { context, crashLoop } = this.#options;
    context.emit({ type: "server.exited", ...this.#label, code, signal, asked: this.#isOver });
    if (this.#isOver) return;
    // What nobody used says nothing of how the server serves, and its keeper does not start it again by itself.
    if (!this.#isWarm) crashLoop.exited(performance.now() - this.#startedAt);
    const stderr = this.#stderr.last(1_024);
    const end = (): void => this.#end(exitError(this.#label.server, this.#options.command, { code, signal, stderr }));
    const timer = setTimeout(end, LAST_WORDS_MS);
    child.stdout.once("close", () => {
      clearTimeout(timer);
      end();
    });
  }

  /** Ended without being asked. Tells the session once; the group may still hold processes, so it is closed all the same. */
  #end(error: GatewayError): void {
    if (this.#isOver) return;
    this.#options.context.emit({ type: "server.failed", ...this.#label, error });
    void this.close();
    this.#listener.ended(error);
  }

  /** It has spoken, or is gone, or has had its time: its place among the starting ones is free. */
  started(): void {
    if (!this.#isStarting) return;
    this.#isStarting = false;
    this.#options.context.startGate.leave(this.#label.server);
  }
}
