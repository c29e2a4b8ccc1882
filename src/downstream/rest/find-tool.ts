import { GatewayError } from "../../protocol/errors.ts";
import type { Tool, ToolList } from "../../protocol/tool.ts";
import { unknownTool } from "../did-you-mean.ts";
import type { Visit } from "../context.ts";
import type { Caller } from "./caller.ts";
import type { RestContext } from "./context.ts";
import type { RestSession } from "./rest-session.ts";
import { SharedResult } from "./waiting-room.ts";

const LISTING = "the tools of its server are still being listed";

/** Finds a tool in the list of the caller's session or in the shared one. Waits for a list being fetched as long as the caller does. */
export class ToolFinder {
  readonly #context: Pick<RestContext, "catalog">;
  /** The latest list of each server that a caller has waited for. */
  readonly #listings = new Map<string, SharedResult<ToolList>>();

  constructor(context: Pick<RestContext, "catalog">) {
    this.#context = context;
  }

  /** The tool, if the cached list has it. */
  known({ server, requestId }: Visit, name: string, session: RestSession | undefined): Tool | undefined {
    const own = session?.tools(requestId);
    if (own instanceof SharedResult) return undefined;
    return own?.get(name) ?? this.#context.catalog.look(server)?.tools.get(name);
  }

  async find(visit: Visit, name: string, session: RestSession | undefined, caller: Caller): Promise<Tool> {
    const own = session?.tools(visit.requestId);
    const tools = own instanceof SharedResult ? await own.wait(caller, LISTING) : own;
    return tools?.get(name) ?? this.listed(visit.server, name, caller);
  }

  /** The tool in the shared list; when it is missing there, in a newly fetched list. */
  async listed(server: string, name: string, caller: Caller): Promise<Tool> {
    const { catalog } = this.#context;
    const known = (await this.list(server, caller)).tools.get(name);
    if (known !== undefined) return known;
    const { tools } = await this.#shared(server, catalog.refresh(server)).wait(caller, LISTING);
    const tool = tools.get(name);
    if (tool === undefined) throw unknownTool(server, name, tools.keys());
    return tool;
  }

  async list(server: string, caller: Caller): Promise<ToolList> {
    const { catalog } = this.#context;
    return catalog.look(server) ?? this.#shared(server, catalog.list(server)).wait(caller, LISTING);
  }

  #shared(server: string, promise: Promise<ToolList>): SharedResult<ToolList> {
    const known = this.#listings.get(server);
    if (known?.promise === promise) return known;
    const shared = new SharedResult(promise);
    this.#listings.set(server, shared);
    return shared;
  }
}

/** REST only supports calls that end with their response. */
export function refuseTask({ name, taskSupport }: Tool): void {
  if (taskSupport !== "required") return;
  throw new GatewayError("task_required", `The tool "${name}" runs only as a task, which REST cannot do.`);
}
