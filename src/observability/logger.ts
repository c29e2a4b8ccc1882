import { Writable } from "node:stream";
import { createLogger as createWinston, format, transports, type Logger } from "winston";
import type { Redactor } from "../lib/redactor.ts";
import { LEVELS, type Level } from "./config.ts";
import type { LogOutput } from "./log-output.ts";

export interface LoggerOptions {
  readonly level: Level;
  readonly format: "text" | "json";
  readonly redactor: Redactor;
  readonly output: LogOutput;
  readonly colors: boolean;
}

/** The fields after a message, each printed as `name=value`. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Log {
  (level: Level, message: string, fields?: LogFields): void;
}

/** The maximum length of a message, and of each field. */
const SHOWN_LENGTH = 2 * 1024;

/** All lines go to `output` (stderr): stdout is for documents and, in stdio mode, for the protocol. */
export function createLog(options: LoggerOptions): Log {
  const logger = winston(options);
  const log: Log = (level, message, fields = {}) => {
    if (LEVELS.indexOf(level) <= LEVELS.indexOf(options.level)) logger.log({ level, message, fields });
  };
  options.output.onDropped = (dropped) =>
    log(options.level === "error" ? "error" : "warn", "The log could not be written for a while: lines were dropped", {
      dropped,
    });
  return log;
}

function winston({ level, format: shape, redactor, output, colors }: LoggerOptions): Logger {
  return createWinston({
    levels: Object.fromEntries(LEVELS.map((name, index) => [name, index])),
    level,
    format: format.combine(format.timestamp(), shape === "json" ? jsonLine(redactor) : textLine(redactor, colors)),
    transports: [new transports.Stream({ stream: streamTo(output) })],
    // A log that cannot be written must not end the gateway.
    exitOnError: false,
  });
}

/** Accepts every line immediately, so that nothing is buffered in the streams before it. */
const streamTo = (output: LogOutput): Writable =>
  new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      output.write(line);
      done();
    },
  });

const jsonLine = (redactor: Redactor): ReturnType<typeof format.printf> =>
  format.printf(({ timestamp, level, message, fields }) => {
    const masked = isFields(fields) ? maskedFields(fields, redactor) : {};
    return JSON.stringify({ timestamp, level, message: redactor.line(String(message), SHOWN_LENGTH), ...masked });
  });

const textLine = (redactor: Redactor, colors: boolean): ReturnType<typeof format.printf> =>
  format.printf(({ timestamp, level, message, fields }) => {
    const tag = colors ? colored(level) : level.toUpperCase();
    const masked = isFields(fields) ? maskedFields(fields, redactor) : {};
    const tail = Object.entries(masked).flatMap(([name, value]) => fieldText(name, value));
    return [`${String(timestamp)} [${tag}]: ${redactor.line(String(message), SHOWN_LENGTH)}`, ...tail].join(" ");
  });

/** Masked before quoting and escaping, which could hide a secret. This also makes untrusted text one safe line. */
function maskedFields(fields: LogFields, redactor: Redactor): LogFields {
  const entries = Object.entries(fields).map(([name, value]): [string, LogFields[string]] => {
    if (typeof value !== "string") return [name, value];
    return [name, redactor.hides(name) ? "[redacted]" : redactor.line(value, SHOWN_LENGTH)];
  });
  return Object.fromEntries(entries);
}

function fieldText(name: string, value: LogFields[string]): string[] {
  if (value === undefined) return [];
  const text = String(value);
  return [`${name}=${/^[\w.:/@?=&%+-]+$/.test(text) ? text : JSON.stringify(text)}`];
}

function isFields(value: unknown): value is LogFields {
  return typeof value === "object" && value !== null;
}

/** ANSI colours: red, yellow, green, blue, cyan. */
const COLORS = new Map([
  ["error", 31],
  ["warn", 33],
  ["info", 32],
  ["debug", 34],
  ["verbose", 36],
]);

const colored = (level: string): string => `\u001b[${COLORS.get(level) ?? 0}m${level.toUpperCase()}\u001b[0m`;
