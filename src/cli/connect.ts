import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { StdioClient } from "../downstream/stdio.ts";
import { Redactor } from "../lib/redactor.ts";
import { REDACTED_KEYS } from "../observability/config.ts";
import { logEvents } from "../observability/log-events.ts";
import { createLog, type Log } from "../observability/logger.ts";
import { stderrOutput } from "../observability/std-outputs.ts";
import type { GatewayError } from "../protocol/errors.ts";
import type { Emit, Events } from "../protocol/events.ts";
import type { Connect, ServerSettings } from "../protocol/upstream.ts";
import { SessionRecords } from "../session/records.ts";
import { isHarmless } from "../session/renewal.ts";
import { Sessions, type TableLimits } from "../session/sessions.ts";
import { DirectRemote } from "../upstream/http/direct-remote.ts";
import { errorWording } from "./connect-errors.ts";
import { connectSettings, type ConnectFlags, type ConnectSettings } from "./connect-settings.ts";
import { version } from "./version.ts";

/** A client of this process's stdin and stdout, connected to a remote server. */
export interface Connection {
  readonly log: Log;
  /** Resolves when the client has gone. */
  readonly ended: Promise<void>;
  /** Ends the session at the server and everything else. Resolves within a second; idempotent. */
  stop(): Promise<void>;
}

const MESSAGE_BYTES = 64 * 1024 * 1024;
const OPEN_BYTES = 64 * 1024 * 1024;
/** More than can come before the client is read no further. */
const IN_FLIGHT = 16_384;
const CONNECT_MS = 10_000;
/** What has been asked may still be answered when the input ends, as that of a shell's pipe does at once. */
const LAST_ANSWERS_MS = 400;
const ENDING_MS = 400;
const POLL_MS = 10;

/** Throws ConnectUsageError. Reads nothing before the server is known; connects with the first message. */
export function connect(url: string | undefined, flags: ConnectFlags): Connection {
  const settings = connectSettings(url, flags, process.env);
  const redactor = new Redactor(REDACTED_KEYS, settings.secrets);
  const log = createLog({ level: "info", format: "text", redactor, output: stderrOutput(), colors: false });
  const worded = errorWording({ ...settings, messageBytes: MESSAGE_BYTES }, () => remote.outage);
  const emit = wordedEvents(logEvents(log), worded);
  const remote = remoteOf(settings, redactor, emit);
  const sessions = sessionsOf(settings, remote, remote.connect, emit);
  const modernSessions = sessionsOf(settings, remote, remote.connectModern, emit);
  const client = new StdioClient({
    input: process.stdin,
    output: process.stdout,
    server: settings.url.host,
    sessions,
    modernSessions,
    messageBytes: MESSAGE_BYTES,
    openBytes: OPEN_BYTES,
    emit,
    worded,
  });
  const { origin, pathname } = settings.url;
  log("info", `stdin and stdout are connected to ${origin}${pathname}`, { version: version() });
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await Promise.race([untilAnswered(client), sleep(LAST_ANSWERS_MS)]);
    await Promise.race([Promise.all([sessions.drain(0), modernSessions.drain(0)]), sleep(ENDING_MS)]);
    await Promise.race([client.flushed(), sleep(POLL_MS * 10)]);
    remote.close();
    process.stdin.destroy();
  };
  return { log, ended: client.ended, stop: () => (stopping ??= stop()) };
}

function remoteOf(settings: ConnectSettings, redactor: Redactor, emit: Emit): DirectRemote {
  const { url, timeoutMs } = settings;
  return new DirectRemote({
    ...settings,
    server: url.host,
    connectMs: Math.min(CONNECT_MS, timeoutMs),
    // Sooner than the client itself gives up, so that it hears why.
    waitMs: timeoutMs - Math.min(5_000, timeoutMs / 10),
    messageBytes: MESSAGE_BYTES,
    queueBytes: OPEN_BYTES,
    isHarmless,
    env: process.env,
    emit,
    redactor,
  });
}

function sessionsOf({ timeoutMs }: ConnectSettings, { tools }: DirectRemote, reach: Connect, emit: Emit): Sessions {
  const settings: ServerSettings = {
    isStateful: false,
    timeoutMs: undefined,
    isolation: "principal",
    // Of the client's own era: nothing is translated.
    era: "auto",
    fingerprint: "connect",
  };
  const records = new SessionRecords({
    limits: { retentionMs: Number.POSITIVE_INFINITY, records: 8, recordsPerPrincipal: 8, size: 1024 * 1024 },
    secret: randomBytes(32),
    fingerprintOf: () => settings.fingerprint,
  });
  const events: Events = { emit, tracing: false, exchanges: false, logsRequests: false };
  const sessions = new Sessions({
    connect: reach,
    settingsOf: () => settings,
    limits: limitsOf(timeoutMs),
    records,
    clientVersion: version(),
    events,
    onListsChanged: () => undefined,
    mayRepeat: (_server, tool) => tools.mayRepeat(tool),
  });
  sessions.start();
  return sessions;
}

/** One client has one session of each era, for as long as it stays. */
function limitsOf(timeoutMs: number): TableLimits {
  const never = Number.POSITIVE_INFINITY;
  return {
    sessions: 8,
    sessionsPerServer: 8,
    sessionsPerPrincipal: 8,
    streams: 8,
    idleMs: never,
    orphanMs: never,
    restIdleMs: never,
    retentionMs: never,
    startMs: timeoutMs,
    requestMs: timeoutMs,
    requestMaxMs: timeoutMs * 10,
    inFlight: IN_FLIGHT,
    queueBytes: OPEN_BYTES,
  };
}

/** The one session of each era begins and ends with the process, which is not worth a line. */
function wordedEvents(emit: Emit, worded: (error: GatewayError) => GatewayError): Emit {
  return (event) => {
    if (event.type === "session.opened" || event.type === "session.closed") return;
    if (event.type === "server.failed" || event.type === "origin.away") emit({ ...event, error: worded(event.error) });
    else emit(event);
  };
}

async function untilAnswered(client: StdioClient): Promise<void> {
  while (client.isBusy) await sleep(POLL_MS);
}
