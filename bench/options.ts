import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { WAYS, type Way } from "./figures.ts";

export interface Options {
  readonly rounds: number;
  readonly sliceMs: number;
  readonly warmMs: number;
  /** The warm-up time, in which the hot path of a transport is compiled. */
  readonly compileMs: number;
  /** The number of process starts, which is small because each takes long. */
  readonly starts: number;
  readonly isQuick: boolean;
  /** The built gateway. */
  readonly main: string;
  readonly jsonFile: string | undefined;
  /** The folder for a CPU profile of the gateway. */
  readonly profileFolder: string | undefined;
  /** Whether --only selects this case. */
  readonly wants: (point: string, transport?: Way) => boolean;
}

export const HELP = `npm run bench -- [options]

  --quick           under a minute: shorter and fewer slices
  --only LIST       for example sse,c16: these transports (sse, streamable, rest, modern, remote) and these points (c1, c16, c64, s10, s50,
                    notifications, answers-1m, answers-10m, requests-1m, open, access, start, idle, memory, warm, wake, metrics,
                    console, aggregate)
  --json FILE       the figures, for a program
  --rounds N        slices of each side per figure
  --gateway FILE    another build of the gateway than dist/main.js
  --profile FOLDER  a CPU profile of the gateway there, and a summary of it
`;

/** Undefined when only the help was requested. */
export function readOptions(argv: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      json: { type: "string" },
      rounds: { type: "string" },
      gateway: { type: "string" },
      profile: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const isQuick = values.quick;
  return {
    rounds: Number(values.rounds ?? (isQuick ? 3 : 11)),
    sliceMs: isQuick ? 130 : 250,
    warmMs: isQuick ? 100 : 500,
    compileMs: isQuick ? 1_000 : 3_000,
    starts: isQuick ? 2 : 7,
    isQuick,
    main: values.gateway ?? fileURLToPath(new URL("../dist/main.js", import.meta.url)),
    jsonFile: values.json,
    profileFolder: values.profile,
    wants: filter(values.only.split(",").filter((word) => word !== "")),
  };
}

function filter(words: readonly string[]): Options["wants"] {
  const transports: readonly string[] = WAYS;
  const wantedTransports = new Set(words.filter((word) => transports.includes(word)));
  const wantedPoints = new Set(words.filter((word) => !transports.includes(word)));
  return (point, transport) =>
    (wantedPoints.size === 0 || wantedPoints.has(point)) &&
    (wantedTransports.size === 0 || (transport !== undefined && wantedTransports.has(transport)));
}
