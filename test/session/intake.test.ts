import { describe, expect, it } from "vitest";
import { admissionOf, type AdmissionStep } from "../../src/protocol/admission.ts";
import type { ClientMessages } from "../../src/protocol/client-frame.ts";
import { GatewayError } from "../../src/protocol/errors.ts";
import { Intake } from "../../src/session/intake.ts";
import { clientMessages } from "./fakes.ts";

const session = {
  principal: { kind: "basic", id: "ann" },
  server: "git",
  transport: "streamable-http",
  id: "s1",
} as const;

/** Steps are asked in order; what is relayed, refused and checked is kept in `log`. */
function intakeOf(steps: readonly AdmissionStep[], check: (messages: ClientMessages) => void = () => undefined) {
  const log: string[] = [];
  const idsOf = ({ frames }: ClientMessages): string => frames.map((frame) => ("id" in frame ? frame.id : "-")).join();
  const listener: AdmissionStep = {
    refused: ({ messages }, { reason }) => log.push(`refused ${idsOf(messages)} ${reason}`),
  };
  const admission = admissionOf([...steps, listener]);
  if (admission === undefined) throw new Error("there are steps");
  const host = {
    check,
    relay: (messages: ClientMessages) => void log.push(`relayed ${idsOf(messages)}`),
    answer: (messages: ClientMessages) => void log.push(`answered ${idsOf(messages)}`),
  };
  const intake = new Intake(session, admission, host, 3);
  const take = (messages: object | readonly object[], isOwn = false): Promise<void> | void =>
    intake.take(clientMessages(messages), { requestId: "r", isOwn });
  return { take, log };
}

const call = (id: number): object => ({ id, method: "tools/call", params: { name: "x" } });

describe("messages", () => {
  it("are relayed at once when every step admits them at once", () => {
    const seen: string[] = [];
    const { take, log } = intakeOf([
      { admit: ({ principal, server }) => void seen.push(`policy ${principal.id} ${server}`) },
      { admit: ({ transport }) => void seen.push(`limits ${transport}`) },
    ]);
    expect(take(call(1))).toBeUndefined();
    expect([seen, log]).toEqual([["policy ann git", "limits streamable-http"], ["relayed 1"]]);
  });

  it("are refused whole by the first step that refuses, which every step hears; later ones are not asked", () => {
    const asked: string[] = [];
    const refuse = (): never => {
      throw new GatewayError("queue_full", "Later.");
    };
    const { take, log } = intakeOf([{ admit: refuse }, { admit: () => void asked.push("limits") }]);
    expect(() => take([call(1), call(2)])).toThrow("Later.");
    expect([asked, log]).toEqual([[], ["refused 1,2 queue_full"]]);
  });

  it("are answered, each request of them, when the refusal is to be an answer, at once or later", async () => {
    const error = new GatewayError("rate_limited", "Later.", { isAnswer: true });
    const atOnce = (): never => {
      throw error;
    };
    const now = intakeOf([{ admit: atOnce }]);
    expect(now.take([call(1), call(2)])).toBeUndefined();
    expect(now.log).toEqual(["refused 1,2 rate_limited", "answered 1,2"]);
    const later = intakeOf([{ admit: () => Promise.reject(error) }]);
    await later.take(call(1));
    expect(later.log).toEqual(["refused 1 rate_limited", "answered 1"]);
  });

  it("that do not exist yet are foreseen to be refused by the first step that would, which every step hears", () => {
    const heard: string[] = [];
    const admission = admissionOf([
      { admit: () => undefined },
      {
        foresee: () => {
          throw new GatewayError("rate_limited", "Later.");
        },
      },
      { foresee: () => void heard.push("asked"), refused: (_submission, { reason }) => void heard.push(reason) },
    ]);
    const messages = clientMessages(call(1));
    const submission = { ...session, sessionId: "", messages, reception: { requestId: "r" } };
    expect(() => admission?.foresee(submission)).toThrow("Later.");
    expect(heard).toEqual(["rate_limited"]);
  });

  it("that the session cannot take are refused before a step is asked", () => {
    const asked: string[] = [];
    const { take, log } = intakeOf([{ admit: () => void asked.push("policy") }], () => {
      throw new GatewayError("session_not_found", "It has ended.");
    });
    expect(() => take(call(1))).toThrow("It has ended.");
    expect([asked, log]).toEqual([[], ["refused 1 session_not_found"]]);
  });

  it("of the gateway itself are relayed unasked", () => {
    const asked: string[] = [];
    const { take, log } = intakeOf([{ admit: () => void asked.push("policy") }]);
    void take(call(1), true);
    expect([asked, log]).toEqual([[], ["relayed 1"]]);
  });
});

describe("messages that wait for their admission", () => {
  /** Admits or refuses request `n` when told to; everything else at once. */
  function waitingIntake(check?: (messages: ClientMessages) => void) {
    const decide = new Map<number, { admit: () => void; refuse: () => void }>();
    const slow: AdmissionStep = {
      admit: ({ messages: { frames } }) => {
        const [first] = frames;
        if (first?.kind !== "request" || typeof first.id !== "number") return undefined;
        const { id } = first;
        return new Promise<void>((resolve, reject) => {
          decide.set(id, { admit: resolve, refuse: () => reject(new GatewayError("queue_full", "Too much.")) });
        });
      },
    };
    return { ...intakeOf([slow], check), decide };
  }

  it("are relayed in their order, and so is what comes behind them", async () => {
    const { take, log, decide } = waitingIntake();
    const cancel = { method: "notifications/cancelled", params: { requestId: 1 } };
    const taken = [take(call(1)), take(call(2)), take(cancel)];
    decide.get(2)?.admit();
    await Promise.resolve();
    expect(log).toEqual([]);
    decide.get(1)?.admit();
    await Promise.all(taken.map((one) => Promise.resolve(one)));
    expect(log).toEqual(["relayed 1", "relayed 2", "relayed -"]);
    expect(take(cancel)).toBeUndefined();
  });

  it("and are refused do not hold up the others", async () => {
    const { take, log, decide } = waitingIntake();
    const [first, second] = [take(call(1)), take(call(2))];
    decide.get(1)?.refuse();
    decide.get(2)?.admit();
    await expect(first).rejects.toThrow("Too much.");
    await second;
    expect(log.toSorted()).toEqual(["refused 1 queue_full", "relayed 2"]);
  });

  it("are checked again before they are relayed, because the session may have ended meanwhile", async () => {
    let hasEnded = false;
    const { take, log, decide } = waitingIntake(() => {
      if (hasEnded) throw new GatewayError("session_not_found", "It has ended.");
    });
    const taken = take(call(1));
    hasEnded = true;
    decide.get(1)?.admit();
    await expect(taken).rejects.toThrow("It has ended.");
    expect(log).toEqual(["refused 1 session_not_found"]);
  });

  it("are bounded in number", async () => {
    const { take, log, decide } = waitingIntake();
    const taken = [take(call(1)), take(call(2)), take(call(3))];
    expect(() => take(call(4))).toThrow(expect.objectContaining({ reason: "queue_full" }));
    for (const { admit } of decide.values()) admit();
    await Promise.all(taken.map((one) => Promise.resolve(one)));
    expect(log).toEqual(["refused 4 queue_full", "relayed 1", "relayed 2", "relayed 3"]);
  });
});

describe("an exchange", () => {
  it("is recorded by the steps that want to", () => {
    const record = { closed: () => undefined };
    const admission = admissionOf([{ admit: () => undefined }, { open: () => record }, { open: () => undefined }]);
    const messages = clientMessages(call(1));
    const [request] = messages.frames;
    if (request?.kind !== "request") throw new Error("it is a request");
    const submission = { ...session, sessionId: "s1", messages, reception: { requestId: "r" } };
    expect(admission?.open(submission, request)).toEqual([record]);
    expect(admissionOf([])).toBeUndefined();
  });
});
