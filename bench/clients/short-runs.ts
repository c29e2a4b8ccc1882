import { fixture } from "../../test/helpers/gateway.ts";
import type { ProgramScenario } from "./scenario.ts";
import { Stage } from "./stage.ts";
import { targetOf } from "./staged.ts";

const RUNS = 35;
const AT_ONCE = 4;
const FULL = { limits: {}, deadlineMs: 120_000 };
const SHORT = { limits: { orphan: "5s" }, deadlineMs: 30_000 };

/** Programs that never say goodbye leave no process for long. */
export const SHORT_RUNS: ProgramScenario = {
  name: "short-runs",
  async run(program, { transport, isFull }) {
    const { limits, deadlineMs } = isFull ? FULL : SHORT;
    await using stage = await Stage.open({ limits, servers: { counter: fixture("counter") } });
    const target = targetOf(stage, "counter", transport);
    let [left, most] = [RUNS, 0];
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const said = await program.run(target, "next");
        if (!said.includes('"text": "1"')) throw new Error(`it said ${said.slice(0, 300)}`);
        most = Math.max(most, stage.gateway.children("counter").length);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await stage.noProcess("counter", deadlineMs);
    return `processes ≤ ${most}`;
  },
};
