import { GatewayError } from "../../protocol/errors.ts";
import type { Tool, ToolList } from "../../protocol/tool.ts";
import type { Visit } from "../context.ts";
import type { VisibleList } from "../visibility.ts";
import type { Caller } from "./caller.ts";
import type { RestContext } from "./context.ts";
import type { RestSession } from "./rest-session.ts";
import { SharedResult } from "./waiting-room.ts";

type FinderContext = Pick<RestContext, "catalog" | "visibility">;

const LISTING = "the tools of its server are still being listed";

/** Who asks for the tools of which server. */
export type ToolReader = Pick<Visit, "principal" | "server">;

/** Finds a tool that the caller may call, in the list of its session or in the shared one. Waits for a list being fetched as long as the caller does. */
export class ToolFinder {
  readonly #context: FinderContext;
  /** The latest list of each server that a caller has waited for. */
  readonly #listings = new Map<string, SharedResult<ToolList>>();

  constructor(context: FinderContext) {
    this.#context = context;
  }

  /** The tool, if the cached list has it. */
  known({ server, requestId, principal }: Visit, name: string, session: RestSession | undefined): Tool | undefined {
    if (!this.#context.visibility.mayCall(principal, server, name)) return undefined;
    const own = session?.tools(requestId);
    if (own instanceof SharedResult) return undefined;
    return own?.get(name) ?? this.#context.catalog.look(server)?.tools.get(name);
  }

  async find(visit: Visit, name: string, session: RestSession | undefined, caller: Caller): Promise<Tool> {
    const own = session?.tools(visit.requestId);
    const tools = own instanceof SharedResult ? await own.wait(caller, LISTING) : own;
    const { principal, server } = visit;
    const isVisible = this.#context.visibility.mayCall(principal, server, name);
    const tool = isVisible ? tools?.get(name) : undefined;
    return tool ?? this.listed(visit, name, caller);
  }

  /** The tool in the shared list; when it is missing there, in a newly fetched list. One that is hidden is missing in both. */
  async listed({ principal, server }: ToolReader, name: string, caller: Caller): Promise<Tool> {
    const { catalog, visibility } = this.#context;
    const isVisible = visibility.mayCall(principal, server, name);
    const { tools } = await this.#whole(server, caller);
    const known = isVisible ? tools.get(name) : undefined;
    if (known !== undefined) return known;
    const list = await this.#shared(server, catalog.refresh(server)).wait(caller, LISTING);
    const tool = isVisible ? list.tools.get(name) : undefined;
    if (tool === undefined) throw visibility.missingTool(principal, list, name);
    return tool;
  }

  /** What the reader may use of the shared list. */
  async list({ principal, server }: ToolReader, caller: Caller): Promise<VisibleList> {
    return this.#context.visibility.tools(principal, await this.#whole(server, caller));
  }

  async #whole(server: string, caller: Caller): Promise<ToolList> {
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
