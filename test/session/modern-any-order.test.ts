import { array, assert, boolean, constantFrom, nat, oneof, property, record } from "fast-check";
import { expect, it } from "vitest";
import type { RequestId } from "../../src/protocol/jsonrpc.ts";
import { GatewayError } from "../../src/protocol/errors.ts";
import { modern, type Sent } from "./era-fakes.ts";

const ELICIT = { method: "elicitation/create", params: { message: "Name?" } };
const SAMPLE = { method: "sampling/createMessage", params: { messages: [], maxTokens: 5 } };
const asks = (inputRequests: object, more: object = {}): object => ({
  result: { resultType: "input_required", inputRequests, ...more },
});
const SAYINGS = {
  done: { result: { content: [] } },
  asks: asks({ name: ELICIT, model: SAMPLE }),
  state: asks({}, { requestState: "s" }),
  rubbish: asks([7]),
  error: { error: { code: -32021, message: "No" } },
};

const number = nat({ max: 5 });
const step = oneof(
  record({ calls: number }),
  record({ subscribes: number }),
  record({ cancels: number }),
  record({ answers: number, isError: boolean() }),
  record({ server: number, says: constantFrom("bad", ...(Object.keys(SAYINGS) as (keyof typeof SAYINGS)[])) }),
);
type Step = typeof step extends { generate: (...args: never[]) => { value: infer T } } ? T : never;

it("whatever both sides say, and in whatever order, each request is answered once at most", () => {
  const answeredTwice = (steps: readonly Step[]): unknown[] => {
    const run = new Run();
    for (const one of steps) run.take(one);
    return run.answeredTwice;
  };
  assert(
    property(array(step, { maxLength: 60 }), (steps) => {
      expect(answeredTwice(steps)).toEqual([]);
    }),
  );
});

/** A client and a server that use what the other side has given them, as far as there is something. */
class Run {
  readonly answeredTwice: unknown[] = [];
  readonly #all = modern();
  /** Requests of the client without an answer. */
  readonly #open = new Set<RequestId>();
  /** Requests of the client that it does not wait for any more: the session drops answers to them. */
  readonly #given = new Set<RequestId>();
  /** What the client was asked. */
  readonly #asked: Sent[] = [];
  #lastId = 0;

  take(one: Step): void {
    if ("calls" in one) this.#request("tools/call", { name: `t${one.calls}` });
    else if ("subscribes" in one) this.#request("resources/subscribe", { uri: `a:${one.subscribes}` });
    else if ("cancels" in one) this.#cancel([...this.#open].at(-1 - one.cancels));
    else if ("answers" in one) this.#answer(this.#asked.at(-1 - one.answers)?.id, one.isError);
    else this.#serverSays(one.says, one.server);
    this.#hear();
  }

  #request(method: string, params: object): void {
    const id = ++this.#lastId;
    this.#open.add(id);
    this.#all.say({ id, method, params });
  }

  #cancel(requestId: RequestId | undefined): void {
    if (requestId === undefined) return;
    this.#open.delete(requestId);
    this.#given.add(requestId);
    this.#all.say({ method: "notifications/cancelled", params: { requestId } });
  }

  #answer(id: RequestId | undefined, isError: boolean): void {
    const answer = isError ? { error: { code: -1, message: "No" } } : { result: { action: "accept" } };
    this.#all.say({ id: id ?? "unknown", ...answer });
  }

  /** Each request of the gateway is answered once by the server. */
  #serverSays(says: "bad" | keyof typeof SAYINGS, which: number): void {
    const sent = this.#all.sent();
    const request = sent.filter(({ id }) => id !== undefined).at(-1 - which);
    if (request?.id === undefined) return;
    sent.splice(sent.indexOf(request), 1);
    if (says === "bad") this.#all.at(0).listener.badMessage(request.id, new GatewayError("protocol_violation", "Bad."));
    else this.#all.at(0).says({ id: request.id, ...SAYINGS[says] });
  }

  #hear(): void {
    const { messages, errors } = this.#all.heard;
    const heard = messages.splice(0) as Sent[];
    this.#asked.push(...heard.filter(({ id, method }) => id !== undefined && method !== undefined));
    const answers = heard.filter(({ method }) => method === undefined).map(({ id }) => id);
    for (const id of [...answers, ...errors.splice(0).map(([of]) => of)]) {
      if (id === undefined || this.#given.has(id) || this.#open.delete(id)) continue;
      this.answeredTwice.push(id);
    }
  }
}
