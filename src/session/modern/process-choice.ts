import type { CallerProcesses } from "./caller-processes.ts";
import type { ModernSession } from "./modern-session.ts";

export interface ChoiceOptions {
  readonly requestId: string;
  /** The process in which the call waits; undefined for a new call. */
  readonly waiting: string | undefined;
  /** Each call has a process of its own. */
  readonly isSingle: boolean;
  /** The call may be asked something. */
  readonly isExclusive: boolean;
}

/** Which process a call is passed to, and in which the tools are listed before, if they have to be. */
export class ProcessChoice {
  readonly #processes: CallerProcesses;
  readonly #options: ChoiceOptions;
  /** Of this call alone. */
  #own: ModernSession | undefined;

  constructor(processes: CallerProcesses, options: ChoiceOptions) {
    this.#processes = processes;
    this.#options = options;
  }

  get isExclusive(): boolean {
    return this.#options.isExclusive;
  }

  forCall(): ModernSession {
    const { requestId, waiting, isSingle, isExclusive } = this.#options;
    const found = waiting === undefined ? undefined : this.#processes.withId(waiting);
    if (found !== undefined) return found;
    if (isSingle) return this.#single();
    return isExclusive ? this.#processes.free(requestId) : this.#processes.shared(requestId);
  }

  /** The call's own process if it has one, so that no other is started for the list and nothing stays for it. */
  forListing(): ModernSession {
    const { requestId, isSingle } = this.#options;
    return isSingle ? this.forCall() : this.#processes.shared(requestId);
  }

  /** The call is not made. */
  discard(): void {
    if (this.#own?.isUnused === true) void this.#own.session.close("refused");
  }

  #single(): ModernSession {
    if (this.#own === undefined || this.#own.isOver) this.#own = this.#processes.single(this.#options.requestId);
    return this.#own;
  }
}
