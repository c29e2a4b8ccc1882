import { judged, OK, type Action, type Attack } from "../action.ts";
import { Sse, Streamable } from "../mcp.ts";
import { Rest } from "../rest.ts";
import type { Reply } from "../rpc.ts";
import type { Visitor } from "../visitor.ts";

/** Sizes at and just over the limits. */
export const HEAVY: readonly Action[] = [
  { name: "huge-argument", weight: 3, ends: [...OK, "payload_too_large", "status 413", "cut"], run: hugeArgument },
  { name: "huge-answer", weight: 3, ends: [...OK, "protocol_violation"], run: hugeAnswer },
];

const MIB = 2 ** 20;

async function hugeArgument(attack: Attack): Promise<string> {
  const bytes = Math.floor(4 * MIB * (attack.chance.is(0.2) ? 1.05 : attack.chance.next() ** 2));
  const visitor = attack.visitor();
  const nonce = visitor.nonce();
  // The nonce is at both ends, so that a truncated message is noticed.
  const message = `${nonce}${"x".repeat(bytes)}${nonce}`;
  const reply = await anywhere(attack, visitor, "echo", { message });
  return judged(attack, reply, message, `a message of ${message.length} bytes`);
}

async function hugeAnswer(attack: Attack): Promise<string> {
  const bytes = Math.floor(6.5 * MIB * attack.chance.next() ** 2);
  const reply = await anywhere(attack, attack.visitor(), "big", { bytes });
  return judged(attack, reply, `"${"x".repeat(bytes)}"`, `an answer of ${bytes} bytes`);
}

/** On a random transport. */
async function anywhere(attack: Attack, visitor: Visitor, tool: string, args: object): Promise<Reply> {
  const kind = attack.chance.int(0, 2);
  if (kind === 2) {
    return new Rest(visitor, "echo").ask(tool, args, { Accept: attack.chance.pick(["*/*", "text/event-stream"]) });
  }
  const session = kind === 0 ? new Streamable(visitor, "echo") : new Sse(visitor, "echo");
  const opened = await session.open();
  return opened === "ok" ? session.ask(95, tool, args) : { end: opened, text: "" };
}
