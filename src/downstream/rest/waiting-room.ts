import { callerLeft, type Caller } from "./caller.ts";

interface Waiter<T> {
  readonly called: (value: T) => void;
  readonly refused: (error: unknown) => void;
}

/**
 * Callers that wait for the same event, each until its own deadline or until it leaves. A caller that stops waiting leaves
 * nothing behind.
 */
export class WaitingRoom<T> {
  readonly #waiting = new Set<Waiter<T>>();

  get size(): number {
    return this.#waiting.size;
  }

  /** `doing` says in the timeout error what the caller waited for. */
  enter(caller: Caller, doing: string): Promise<T> {
    return new Promise((resolve, reject) => {
      if (caller.hasLeft) return reject(callerLeft());
      const leave = (): void => {
        clearTimeout(timer);
        caller.offLeave(left);
        this.#waiting.delete(waiting);
      };
      const refused = (error: unknown): void => {
        leave();
        reject(error);
      };
      const called = (value: T): void => {
        leave();
        resolve(value);
      };
      const waiting = { called, refused };
      const left = (): void => refused(callerLeft());
      const timer = caller.deadline.timer(() => refused(caller.deadline.error(doing)));
      caller.onLeave(left);
      this.#waiting.add(waiting);
    });
  }

  /** Resolves the longest-waiting caller. False when there is none. */
  callNext(value: T): boolean {
    for (const { called } of this.#waiting) {
      called(value);
      return true;
    }
    return false;
  }

  callAll(value: T): void {
    for (const { called } of this.#waiting) called(value);
  }

  refuseAll(error: unknown): void {
    for (const { refused } of this.#waiting) refused(error);
  }
}

/** The result of a promise, for many callers with different deadlines. */
export class SharedResult<T> {
  readonly promise: Promise<T>;
  readonly #room = new WaitingRoom<T>();
  #isSettled = false;

  constructor(promise: Promise<T>) {
    this.promise = promise;
    void this.#watch();
  }

  wait(caller: Caller, doing: string): Promise<T> {
    return this.#isSettled ? this.promise : this.#room.enter(caller, doing);
  }

  async #watch(): Promise<void> {
    try {
      const value = await this.promise;
      this.#isSettled = true;
      this.#room.callAll(value);
    } catch (error) {
      this.#isSettled = true;
      this.#room.refuseAll(error);
    }
  }
}
