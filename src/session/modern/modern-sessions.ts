import { randomBytes } from "node:crypto";
import type { JsonObject } from "../../lib/json.ts";
import { namesModern } from "../../protocol/eras/discover.ts";
import { capabilityKey, inputCapabilities } from "../../protocol/eras/input-capabilities.ts";
import { RequestStates } from "../../protocol/eras/request-state.ts";
import { mayAsk } from "../../protocol/eras/to-legacy.ts";
import type { Emit } from "../../protocol/events.ts";
import { methods } from "../../protocol/methods.ts";
import type { Cancel, ModernCall, ModernServers } from "../../protocol/modern-call.ts";
import { principalKey, type Principal } from "../../protocol/principal.ts";
import type { SessionOpener } from "../../protocol/session.ts";
import type { Connect, ServerSettings } from "../../protocol/upstream.ts";
import type { ServerEras } from "../server-eras.ts";
import { CallerProcesses } from "./caller-processes.ts";
import type { ModernSession, ModernSessionOptions } from "./modern-session.ts";
import { TranslatedUpstream } from "./translated-upstream.ts";

export interface ModernLimits {
  /** Open listens of one caller on one server. */
  readonly listens: number;
  /** How long a call waits for its client's answers. */
  readonly inputMs: number;
  /** How much may be queued for a server that is starting. */
  readonly queueBytes: number;
  /** How long an answer may take. */
  readonly requestMs: number;
}

export interface ModernSessionsOptions {
  readonly sessions: SessionOpener;
  readonly eras: Pick<ServerEras, "speaks" | "of" | "learn">;
  readonly connect: Connect;
  readonly settingsOf: (server: string) => ServerSettings;
  readonly limits: ModernLimits;
  readonly clientVersion: string;
  readonly emit: Emit;
}

/** Some processes, and what their key is made of. */
interface Latest {
  readonly server: string;
  readonly asked: string;
  readonly filling: string;
  readonly key: string;
  readonly processes: CallerProcesses;
}

const EXTRA_MS = 60_000;
/** A call whose headers are to be checked does not wait longer for the list of tools. */
const LISTING_MS = 30_000;

/**
 * The processes behind clients of MCP 2026-07-28, which has no sessions: the calls of one principal share one process of a server, so
 * that its state lasts and no call waits for a start. Two principals never share one.
 */
export class ModernSessions implements ModernServers {
  readonly #options: ModernSessionsOptions;
  readonly #states = new RequestStates(randomBytes(32));
  /** Only of those who have a process. */
  readonly #callers = new Map<string, CallerProcesses>();
  /** Those of the latest call: the next call of the same principal is nearly always for the same ones. */
  readonly #latest = new WeakMap<Principal, Latest>();

  constructor(options: ModernSessionsOptions) {
    this.#options = options;
  }

  call(call: ModernCall): Cancel | Promise<Cancel> {
    const { eras } = this.#options;
    const isModern = eras.speaks(call.server, "modern");
    if (isModern !== undefined) return this.#check(call, isModern);
    return eras.of(call.server).then((era) => this.#check(call, era !== "legacy"));
  }

  #check(call: ModernCall, isModern: boolean): Cancel | Promise<Cancel> {
    const { frame, checkParams } = call;
    const capabilities = isModern ? {} : inputCapabilities(call.envelope.capabilities);
    const processes = this.#processesOf(call, isModern, capabilities);
    const tool = frame.method === methods.callTool ? frame.params?.["name"] : undefined;
    if (typeof tool !== "string") return this.#pass(call, processes);
    const params = processes.paramsOf(tool, call);
    if (params instanceof Promise) {
      return params.then((known) => {
        checkParams(known);
        return this.#pass(call, this.#processesOf(call, isModern, capabilities));
      });
    }
    checkParams(params);
    return this.#pass(call, processes);
  }

  #pass(call: ModernCall, processes: CallerProcesses): Cancel | Promise<Cancel> {
    const { frame, envelope, reply, requestId, principal, server, onQuota, caller } = call;
    const isExclusive = processes.isAskable && mayAsk(frame.method);
    const session = (): ModernSession => {
      const state = isExclusive ? frame.params?.["requestState"] : undefined;
      const sealed = { principal, server, method: frame.method, params: frame.params };
      const waiting = state === undefined ? undefined : this.#states.open(sealed, state, Date.now())?.process;
      if (waiting !== undefined) return processes.withId(waiting) ?? processes.free(requestId);
      if (this.#options.settingsOf(server).isolation === "call") return processes.single(requestId);
      return isExclusive ? processes.free(requestId) : processes.shared(requestId);
    };
    return processes.call(session, { frame, envelope, reply, requestId, principal, onQuota, caller, isExclusive });
  }

  #processesOf(call: ModernCall, isModern: boolean, capabilities: JsonObject): CallerProcesses {
    const { principal, server } = call;
    // What the entry is filled in with from the caller, if anything is.
    const filling = this.#options.settingsOf(server).callerKey?.(principal, call.caller) ?? "";
    const asked = isModern ? "modern" : capabilityKey(capabilities);
    const latest = this.#latest.get(principal);
    const isSame = latest?.server === server && latest.asked === asked && latest.filling === filling;
    if (isSame && this.#callers.get(latest.key) === latest.processes) return latest.processes;
    const key = JSON.stringify([server, asked, principalKey(principal), filling]);
    const known = this.#callers.get(key);
    if (known !== undefined) {
      this.#latest.set(principal, { server, asked, filling, key, processes: known });
      return known;
    }
    const { sessions, limits, settingsOf } = this.#options;
    const processes: CallerProcesses = new CallerProcesses({
      sessions,
      principal,
      server,
      maxListens: limits.listens,
      listingMs: Math.min(LISTING_MS, settingsOf(server).timeoutMs ?? limits.requestMs),
      // Longer than any call waits for its client.
      extraIdleMs: limits.inputMs + EXTRA_MS,
      connect: isModern ? this.#options.connect : this.#translation(capabilities),
      isAskable: Object.keys(capabilities).length > 0,
      onEmpty: () => {
        if (this.#callers.get(key) === processes) this.#callers.delete(key);
      },
      onFilled: () => this.#callers.set(key, processes),
    });
    return processes;
  }

  #translation(capabilities: JsonObject): ModernSessionOptions["connect"] {
    const { connect, limits, clientVersion, emit, eras } = this.#options;
    return (destination, listener, processId) =>
      new TranslatedUpstream({
        connect,
        destination,
        listener,
        capabilities,
        clientVersion,
        processId,
        states: this.#states,
        inputMs: limits.inputMs,
        heldBytes: limits.queueBytes,
        emit,
        onRefused: (answer) => {
          if (namesModern(answer)) eras.learn(destination.server, { legacy: false, modern: true });
        },
      });
  }
}
