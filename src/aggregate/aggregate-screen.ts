import type { NotificationFrame, RequestFrame } from "../protocol/frame.ts";
import type { Principal } from "../protocol/principal.ts";
import type { Screen, ScreenedRequest } from "../protocol/screen.ts";
import { aimOf, renamed, subjectOf, type Subject } from "./addressing.ts";
import type { Aggregate } from "./aggregate.ts";
import { asAtServer, canonicalName } from "./canonical.ts";
import type { Aim } from "./naming.ts";
import { unknownError } from "./unknown.ts";

/**
 * Asks a screen about servers what it says of requests to endpoints in front of several. `screen` is asked with an
 * AggregatePolicy, so that it also knows what to say of lists.
 */
export class AggregateScreen implements Screen {
  readonly #screen: Screen;
  readonly #find: (name: string) => Aggregate | undefined;

  constructor(screen: Screen, find: (name: string) => Aggregate | undefined) {
    this.#screen = screen;
    this.#find = find;
  }

  request(principal: Principal, server: string, frame: RequestFrame): ScreenedRequest | undefined {
    const aggregate = this.#find(server);
    const subject = aggregate && subjectOf(frame);
    if (aggregate === undefined || subject === undefined) return this.#screen.request(principal, server, frame);
    const aim = aimOf(subject, aggregate.table);
    if (aim === undefined) return { answer: unknownError(frame, subject) };
    const screened = this.#screen.request(principal, aim.server, asAtServer(frame, aim));
    if (screened === undefined) {
      // A session may have lists of its own, where the name could mean something else.
      return isListed(subject, aggregate) ? undefined : { frame: renamed(frame, canonicalName(subject, aim)) };
    }
    const relayed = screened.frame ?? frame;
    return { ...screened, frame: renamed(relayed, this.#nameFor(relayed, frame, subject, aim)) };
  }

  passes(principal: Principal, server: string, frame: NotificationFrame): boolean {
    return this.#screen.passes(principal, server, frame);
  }

  delivers(principal: Principal, server: string, frame: NotificationFrame): boolean {
    return this.#screen.delivers(principal, server, frame);
  }

  /** The screen may have put another name in place of the one that is refused. */
  #nameFor(relayed: RequestFrame, asked: RequestFrame, subject: Subject, aim: Aim): string {
    const name = relayed === asked ? aim.name : (subjectOf(relayed)?.name ?? aim.name);
    return canonicalName(subject, { server: aim.server, name });
  }
}

/** Whether it is named as the list for all names it, which means the same to every session. */
function isListed({ kind, name = "" }: Subject, { table }: Aggregate): boolean {
  return kind === "resource" ? table.resources.has(name) : (kind === "tool" ? table.tools : table.prompts).has(name);
}
