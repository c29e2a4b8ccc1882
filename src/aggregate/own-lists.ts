import type { CallerHeaders } from "../protocol/upstream.ts";
import type { Frame } from "../protocol/frame.ts";
import type { ToolList } from "../protocol/tool.ts";
import type { Aggregate } from "./aggregate.ts";
import type { Lists } from "./lists.ts";
import type { MemberLink } from "./member-link.ts";
import type { Members } from "./members.ts";

/** The lists as one session sees them: those of the catalogue, but for servers whose lists are its own. */
export class OwnLists {
  readonly #aggregate: Aggregate;
  readonly #own = new Map<string, ToolList>();
  #lists: Lists | undefined;

  constructor(aggregate: Aggregate, _members: Members, _tell: (change: Frame) => void) {
    this.#aggregate = aggregate;
  }

  get lists(): Pick<Lists, "table" | "listings"> {
    return this.#lists ?? this.#aggregate;
  }

  gather(_caller: CallerHeaders | undefined): Promise<void> | undefined {
    return this.#aggregate.gather();
  }

  changed(_server: string, _link: MemberLink): void {
    if (this.#own.size > 0) this.#lists = this.#aggregate.listsWith(this.#own);
  }
}
