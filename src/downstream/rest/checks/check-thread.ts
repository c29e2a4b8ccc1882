import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { guarded, type Emit } from "../../../protocol/events.ts";
import { CheckQueue } from "./check-queue.ts";
import type { HowToCompile } from "./compilers.ts";
import type { SchemaError } from "./schema-error.ts";

/** A value to check, as JSON: the whole text, or one member of it. */
export interface Question {
  /** As JSON. */
  readonly schema: string;
  readonly how: HowToCompile;
  readonly text: string;
  readonly member?: string;
}

export type Verdict =
  | { readonly kind: "checked"; readonly errors: SchemaError[] }
  /** The schema cannot be compiled, or the check cannot be ended. */
  | { readonly kind: "unusable"; readonly why: string }
  /** It took more time or memory than one check may. */
  | { readonly kind: "over"; readonly why: string }
  /** Others came first for too long, or there is no thread. */
  | { readonly kind: "unanswered" };

export type ThreadMessage = Verdict | { readonly kind: "ready" };

export interface ThreadOptions {
  /** Time for one question, compiling included. */
  readonly answerMs?: number;
  /** How long a question may wait for others before it goes unanswered. */
  readonly waitMs?: number;
}

const ANSWER_MS = 500;
/** A long text gets time to be read. */
const CHARS_PER_MS = 8_192;
const LOAD_MS = 10_000;
const WAIT_MS = 2_000;
const MAX_WAITING_PER_SERVER = 32;
/** A thread that cannot be started is not tried again at once. */
const REST_MS = 10_000;
/** A thread that nobody asks is ended, with all that it remembers. */
const IDLE_MS = 10_000;
/** Room for what is kept compiled, and for the values of the longest text: neither alone may come near the limit. */
const HEAP = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 };

interface PendingCheck {
  readonly question: Question;
  readonly until: number;
  readonly answer: (verdict: Verdict) => void;
}

/** One thread for all checks that are too dear for the main one; a question at a time. Started at the first, ended when idle. */
export class CheckThread {
  readonly #emit: Emit;
  readonly #options: ThreadOptions;
  readonly #waiting = new CheckQueue<PendingCheck>(MAX_WAITING_PER_SERVER);
  #worker: Worker | undefined;
  #isReady = false;
  #current: PendingCheck | undefined;
  /** One at a time: for the start, for an answer, for idleness. */
  #timer: NodeJS.Timeout | undefined;
  #restUntil = 0;
  #isClosed = false;

  constructor(emit: Emit, options: ThreadOptions = {}) {
    this.#emit = emit;
    this.#options = options;
  }

  /** Always resolves. `server` is who shares one place in the queue. */
  ask(server: string, question: Question): Promise<Verdict> {
    return new Promise((answer) => {
      const now = performance.now();
      const until = now + (this.#options.waitMs ?? WAIT_MS);
      const isWanted = !this.#isClosed && now >= this.#restUntil;
      if (!isWanted || !this.#waiting.add(server, { question, until, answer })) {
        return answer({ kind: "unanswered" });
      }
      if (this.#worker === undefined) this.#start();
      else this.#next();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#end({ kind: "unanswered" });
    this.#refuseAll();
  }

  #start(): void {
    try {
      // Nothing of the environment: what it compiles is a stranger's.
      const worker = new Worker(threadFile(), { resourceLimits: HEAP, env: {} });
      worker.unref();
      this.#worker = worker;
      const heard = (run: () => void): void => {
        if (this.#worker === worker) guarded(this.#emit, "a check of a schema failed", run);
      };
      worker.on("message", (message: ThreadMessage) => heard(() => this.#hear(message)));
      worker.on("error", (cause) => heard(() => this.#onFailure(cause)));
      worker.on("exit", (code) => heard(() => this.#onFailure(new Error(`the thread ended with code ${code}`))));
      this.#allow(LOAD_MS, () => this.#onFailure(new Error("the thread did not start in time")));
    } catch (cause) {
      this.#onFailure(cause);
    }
  }

  #hear(message: ThreadMessage): void {
    clearTimeout(this.#timer);
    if (message.kind === "ready") this.#isReady = true;
    else {
      this.#current?.answer(message);
      this.#current = undefined;
    }
    this.#next();
  }

  #next(): void {
    if (!this.#isReady || this.#current !== undefined) return;
    const asked = this.#take();
    if (asked === undefined) return this.#allow(IDLE_MS, () => this.#end({ kind: "unanswered" }));
    this.#current = asked;
    this.#worker?.postMessage(asked.question);
    const readMs = asked.question.text.length / CHARS_PER_MS;
    this.#allow((this.#options.answerMs ?? ANSWER_MS) + readMs, () => this.#overrun("time"));
  }

  #take(): PendingCheck | undefined {
    const now = performance.now();
    for (;;) {
      const asked = this.#waiting.take();
      if (asked === undefined || asked.until > now) return asked;
      asked.answer({ kind: "unanswered" });
    }
  }

  /** Only the question at hand pays for it: those that wait go to a new thread. */
  #overrun(what: string): void {
    this.#end({ kind: "over", why: `the check takes more ${what} than it may` });
    if (!this.#waiting.isEmpty && !this.#isClosed) this.#start();
  }

  #onFailure(cause: unknown): void {
    if (this.#current !== undefined && this.#isReady) return this.#overrun("memory");
    this.#end({ kind: "unanswered" });
    this.#restUntil = performance.now() + REST_MS;
    this.#refuseAll();
    this.#emit({
      type: "trouble",
      what: "the thread that checks schemas does not run, so they are not checked",
      cause,
    });
  }

  #refuseAll(): void {
    for (let asked = this.#waiting.take(); asked !== undefined; asked = this.#waiting.take()) {
      asked.answer({ kind: "unanswered" });
    }
  }

  /** Ends the thread, and with it the question that it was at. */
  #end(verdict: Verdict): void {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#isReady = false;
    this.#current?.answer(verdict);
    this.#current = undefined;
    worker?.terminate().catch((cause: unknown) => {
      this.#emit({ type: "trouble", what: "the thread that checks schemas could not be ended", cause });
    });
  }

  #allow(ms: number, over: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => guarded(this.#emit, "a check of a schema failed", over), ms);
    this.#timer.unref();
  }
}

/** Beside this file in `dist/`; from the sources through what reads TypeScript. */
function threadFile(): URL {
  const file =
    extname(import.meta.url) === ".ts" ? "../../../../tools/check-thread-from-source.mjs" : "./check-thread-main.js";
  return new URL(file, import.meta.url);
}
