import type { NotificationFrame, RequestFrame } from "../protocol/frame.ts";
import { actionOf, type Policy } from "../protocol/policy.ts";
import type { Principal } from "../protocol/principal.ts";
import type { Screen, ScreenedRequest } from "../protocol/screen.ts";
import { aimOf, renamed, subjectOf, unlistedAimOf, type Subject } from "./addressing.ts";
import type { Aggregate } from "./aggregate.ts";
import { asAtServer, canonicalName } from "./canonical.ts";
import type { Aim } from "./naming.ts";
import { unknownError } from "./unknown.ts";

export interface AggregateScreenOptions {
  /** It is asked with an AggregatePolicy, so that it also knows what to say of lists. */
  readonly screen: Screen;
  /** About the servers. */
  readonly policy: Policy;
  readonly find: (name: string) => Aggregate | undefined;
}

/** Asks a screen about servers what it says of requests to endpoints in front of several. */
export class AggregateScreen implements Screen {
  readonly #options: AggregateScreenOptions;

  constructor(options: AggregateScreenOptions) {
    this.#options = options;
  }

  request(principal: Principal, server: string, frame: RequestFrame): ScreenedRequest | undefined {
    const { screen, find } = this.#options;
    const aggregate = find(server);
    const subject = aggregate && subjectOf(frame);
    if (aggregate === undefined || subject === undefined) return screen.request(principal, server, frame);
    const aim = this.#aimFor(principal, frame, subject, aggregate);
    if (aim === undefined) return { answer: unknownError(frame, subject) };
    const screened = screen.request(principal, aim.server, asAtServer(frame, aim));
    if (screened === undefined) {
      // A session may have lists of its own, where the name could mean something else.
      return isListed(subject, aim, aggregate) ? undefined : { frame: renamed(frame, canonicalName(subject, aim)) };
    }
    const relayed = screened.frame ?? frame;
    return { ...screened, frame: renamed(relayed, nameFor(relayed, frame, subject, aim)) };
  }

  passes(principal: Principal, server: string, frame: NotificationFrame): boolean {
    return this.#options.screen.passes(principal, server, frame);
  }

  delivers(principal: Principal, server: string, frame: NotificationFrame): boolean {
    return this.#options.screen.delivers(principal, server, frame);
  }

  /** What may not be used is looked for as if it were on no list, so that its answer is that of what is not there. */
  #aimFor(principal: Principal, frame: RequestFrame, subject: Subject, { table }: Aggregate): Aim | undefined {
    const aim = aimOf(subject, table);
    if (aim === undefined) return undefined;
    const { method, params } = asAtServer(frame, aim);
    const decision = this.#options.policy.decide(principal, actionOf(aim.server, method, params));
    return decision.isAllowed ? aim : unlistedAimOf(subject, table);
  }
}

/** The screen may have put another name in place of the one that is refused. */
function nameFor(relayed: RequestFrame, asked: RequestFrame, subject: Subject, aim: Aim): string {
  const name = relayed === asked ? aim.name : (subjectOf(relayed)?.name ?? aim.name);
  return canonicalName(subject, { server: aim.server, name });
}

/** Whether it is named as the list for all names it, which means the same to every session. */
function isListed({ kind, name = "" }: Subject, { server }: Aim, { table }: Aggregate): boolean {
  const entries = kind === "resource" ? table.resources : kind === "tool" ? table.tools : table.prompts;
  return entries.get(name)?.server === server;
}
