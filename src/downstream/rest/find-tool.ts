import { GatewayError } from "../../protocol/errors.ts";
import type { Tool, ToolList } from "../../protocol/tool.ts";
import type { Visit } from "../context.ts";
import type { Caller } from "./caller.ts";
import type { RestContext } from "./context.ts";
import type { RestSession } from "./rest-session.ts";
import { Arrival } from "./waiting-room.ts";

const LISTING = "the tools of its server are still being listed";

/** Finds what a caller names, in the list for all or in that of its session. Waits for a listing as long as the caller does. */
export class ToolFinder {
  readonly #context: Pick<RestContext, "catalog">;
  /** The newest listing of each server that somebody waited for. */
  readonly #arrivals = new Map<string, Arrival<ToolList>>();

  constructor(context: Pick<RestContext, "catalog">) {
    this.#context = context;
  }

  /** The tool, when the list at hand has it. */
  known({ server, requestId }: Visit, name: string, session: RestSession | undefined): Tool | undefined {
    const own = session?.tools(requestId);
    if (own instanceof Arrival) return undefined;
    return own?.get(name) ?? this.#context.catalog.look(server)?.tools.get(name);
  }

  async find(visit: Visit, name: string, session: RestSession | undefined, caller: Caller): Promise<Tool> {
    const own = session?.tools(visit.requestId);
    const tools = own instanceof Arrival ? await own.wait(caller, LISTING) : own;
    const tool = tools?.get(name) ?? (await this.listed(visit.server, name, caller));
    if (tool !== undefined) return tool;
    throw new GatewayError("tool_not_found", `The server "${visit.server}" has no such tool.`);
  }

  /** What was listed for all; a name that is not there is looked for in a new list, where there may be one. */
  async listed(server: string, name: string, caller: Caller): Promise<Tool | undefined> {
    const { catalog } = this.#context;
    const tool = (await this.list(server, caller)).tools.get(name);
    return tool ?? (await this.#arrival(server, catalog.renewed(server)).wait(caller, LISTING)).tools.get(name);
  }

  async list(server: string, caller: Caller): Promise<ToolList> {
    const { catalog } = this.#context;
    return catalog.look(server) ?? this.#arrival(server, catalog.list(server)).wait(caller, LISTING);
  }

  #arrival(server: string, promise: Promise<ToolList>): Arrival<ToolList> {
    const known = this.#arrivals.get(server);
    if (known?.promise === promise) return known;
    const arrival = new Arrival(promise);
    this.#arrivals.set(server, arrival);
    return arrival;
  }
}

/** REST knows calls that end with their answer. */
export function refuseTask({ name, taskSupport }: Tool): void {
  if (taskSupport !== "required") return;
  throw new GatewayError("task_required", `The tool "${name}" runs only as a task, which REST cannot do.`);
}
