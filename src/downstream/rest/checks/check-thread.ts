import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { guarded, type Emit } from "../../../protocol/events.ts";
import { CheckQueue } from "./check-queue.ts";
import type { HowToCompile } from "./compilers.ts";
import type { SchemaError } from "./schema-error.ts";

/** A JSON value to check: the whole text, or one member of it. */
export interface CheckRequest {
  /** As JSON. */
  readonly schema: string;
  readonly how: HowToCompile;
  readonly text: string;
  readonly member?: string;
}

export type CheckOutcome =
  | { readonly kind: "checked"; readonly errors: SchemaError[] }
  /** The schema cannot be compiled, or the check failed. */
  | { readonly kind: "unusable"; readonly why: string }
  /** The check exceeded its time or memory limit. */
  | { readonly kind: "over"; readonly why: string }
  /** The check waited too long in the queue, or there is no thread. */
  | { readonly kind: "unanswered" };

export type ThreadMessage = CheckOutcome | { readonly kind: "ready" };

export interface ThreadOptions {
  /** Maximum time for one check, compilation included. */
  readonly answerMs?: number;
  /** Maximum time a check may wait in the queue. */
  readonly waitMs?: number;
}

const ANSWER_MS = 500;
/** Parsing a long text gets additional time. */
const CHARS_PER_MS = 8_192;
const LOAD_MS = 10_000;
const WAIT_MS = 2_000;
const MAX_WAITING_PER_SERVER = 32;
/** The pause after the thread could not be started. */
const REST_MS = 10_000;
/** An idle thread is terminated, and its caches with it. */
const IDLE_MS = 10_000;
/** Large enough for the cache of compiled schemas and the values of the longest text together. */
const HEAP = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 };

interface PendingCheck {
  readonly request: CheckRequest;
  readonly until: number;
  readonly answer: (outcome: CheckOutcome) => void;
}

/** One thread for all checks that are too expensive for the main thread; one check at a time. Started on demand, terminated when idle. */
export class CheckThread {
  readonly #emit: Emit;
  readonly #options: ThreadOptions;
  readonly #waiting = new CheckQueue<PendingCheck>(MAX_WAITING_PER_SERVER);
  #worker: Worker | undefined;
  #isReady = false;
  #current: PendingCheck | undefined;
  /** Shared by the start, the running check and idleness, which never overlap. */
  #timer: NodeJS.Timeout | undefined;
  #restUntil = 0;
  #isClosed = false;

  constructor(emit: Emit, options: ThreadOptions = {}) {
    this.#emit = emit;
    this.#options = options;
  }

  /** Always resolves. Checks of the same `server` share one place in the queue. */
  ask(server: string, request: CheckRequest): Promise<CheckOutcome> {
    return new Promise((answer) => {
      const now = performance.now();
      const until = now + (this.#options.waitMs ?? WAIT_MS);
      const isWanted = !this.#isClosed && now >= this.#restUntil;
      if (!isWanted || !this.#waiting.add(server, { request, until, answer })) {
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
      // With an empty environment, because it compiles untrusted schemas.
      const worker = new Worker(threadFile(), { resourceLimits: HEAP, env: {} });
      worker.unref();
      this.#worker = worker;
      const onEvent = (run: () => void): void => {
        if (this.#worker === worker) guarded(this.#emit, "a check of a schema failed", run);
      };
      worker.on("message", (message: ThreadMessage) => onEvent(() => this.#onMessage(message)));
      worker.on("error", (cause) => onEvent(() => this.#onFailure(cause)));
      worker.on("exit", (code) => onEvent(() => this.#onFailure(new Error(`the thread ended with code ${code}`))));
      this.#allow(LOAD_MS, () => this.#onFailure(new Error("the thread did not start in time")));
    } catch (cause) {
      this.#onFailure(cause);
    }
  }

  #onMessage(message: ThreadMessage): void {
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
    const next = this.#take();
    if (next === undefined) return this.#allow(IDLE_MS, () => this.#end({ kind: "unanswered" }));
    this.#current = next;
    this.#worker?.postMessage(next.request);
    const readMs = next.request.text.length / CHARS_PER_MS;
    this.#allow((this.#options.answerMs ?? ANSWER_MS) + readMs, () => this.#overrun("time"));
  }

  #take(): PendingCheck | undefined {
    const now = performance.now();
    for (;;) {
      const next = this.#waiting.take();
      if (next === undefined || next.until > now) return next;
      next.answer({ kind: "unanswered" });
    }
  }

  /** Fails only the running check; queued checks are run by a new thread. */
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
    for (let next = this.#waiting.take(); next !== undefined; next = this.#waiting.take()) {
      next.answer({ kind: "unanswered" });
    }
  }

  /** Terminates the thread and fails its running check. */
  #end(outcome: CheckOutcome): void {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#isReady = false;
    this.#current?.answer(outcome);
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

/** Beside this file in `dist/`; when run from source, through a loader for TypeScript. */
function threadFile(): URL {
  const file =
    extname(import.meta.url) === ".ts" ? "../../../../tools/check-thread-from-source.mjs" : "./check-thread-main.js";
  return new URL(file, import.meta.url);
}
