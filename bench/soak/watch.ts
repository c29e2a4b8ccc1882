import { childrenOf, openFiles, residentKiB } from "../proc.ts";
import { trend } from "../statistics.ts";

export interface Sample {
  readonly seconds: number;
  readonly rssMiB: number;
  readonly files: number;
  readonly processes: number;
}

interface Health {
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  readonly heapMiB: number;
}

export interface Growth {
  readonly mibPerMinute: number;
  /** Over the observed time. */
  readonly mib: number;
  /** How well a straight line fits, 0 to 1. */
  readonly fit: number;
}

const KIB_PER_MIB = 1_024;
const SAMPLE_MS = 1_000;
const SESSION_ID = / sessionId=(\S+)/;
const BEGINS = /\[INFO\]: (?:New [\w+ ]+ connection for |Session of \S+ wakes)/;
/** Of a process that ended by itself the log says at this level only that, not what became of its session. */
const ENDS = /\[INFO\]: Session of \S+ (?:closed|hibernates)|\[WARN\]: .* reason=/;

/** Samples the gateway from outside once a second, and reads its log. */
export class Watch {
  readonly #startedAt = performance.now();
  readonly #samples: Sample[] = [];
  readonly #health: (Health & { readonly seconds: number })[] = [];
  #said = "";
  #logged = "";
  readonly #sessions = new Set<string>();
  #clock: NodeJS.Timeout | undefined;

  start(pid: number): void {
    this.#clock = setInterval(() => this.#samples.push(this.look(pid)), SAMPLE_MS);
  }

  stop(): void {
    clearInterval(this.#clock);
  }

  look(pid: number): Sample {
    const processes = childrenOf(pid).length;
    return { seconds: this.seconds, rssMiB: residentKiB(pid) / KIB_PER_MIB, files: openFiles(pid), processes };
  }

  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1_000;
  }

  /** Sessions with a process, or on their way to one, according to the log. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** The output of report-health.mjs. */
  readonly onStdout = (text: string): void => {
    const lines = (this.#said + text).split("\n");
    this.#said = lines.pop() ?? "";
    for (const line of lines) this.#health.push({ ...(JSON.parse(line) as Health), seconds: this.seconds });
  };

  readonly onLog = (text: string): void => {
    const lines = (this.#logged + text).split("\n");
    this.#logged = lines.pop() ?? "";
    for (const line of lines) {
      const id = SESSION_ID.exec(line)?.[1];
      if (id === undefined) continue;
      if (BEGINS.test(line)) this.#sessions.add(id);
      if (ENDS.test(line)) this.#sessions.delete(id);
    }
  };

  /** Of the whole run except the start. */
  get loopP99Ms(): number {
    return this.#health.at(-1)?.loopP99Ms ?? Number.NaN;
  }

  get loopMaxMs(): number {
    return this.#health.at(-1)?.loopMaxMs ?? Number.NaN;
  }

  get lastHeapMiB(): number {
    return this.#health.at(-1)?.heapMiB ?? Number.NaN;
  }

  /** The growth of the resident memory since then. */
  rssGrowth(sinceSeconds: number): Growth {
    return growth(
      this.#samples.map(({ seconds, rssMiB }) => [seconds, rssMiB]),
      sinceSeconds,
    );
  }

  /** The growth of the live V8 heap. */
  heapGrowth(sinceSeconds: number): Growth {
    return growth(
      this.#health.map(({ seconds, heapMiB }) => [seconds, heapMiB]),
      sinceSeconds,
    );
  }
}

function growth(points: readonly (readonly [number, number])[], sinceSeconds: number): Growth {
  const looked = points.filter(([seconds]) => seconds >= sinceSeconds);
  const { slope, fit } = trend(looked);
  const span = (looked.at(-1)?.[0] ?? 0) - (looked[0]?.[0] ?? 0);
  return { mibPerMinute: slope * 60, mib: slope * span, fit };
}
