import type { AdmissionStep } from "../../protocol/admission.ts";
import { methods } from "../../protocol/methods.ts";
import { actionOf, type Policy } from "../../protocol/policy.ts";
import { refusalFor } from "./refusal.ts";

/**
 * Refuses messages, all or none, where a refusal is shown as one. Where it is not, they go on, and the screen replaces what is
 * refused; only `initialize` cannot be hidden.
 */
export function policyStep(policy: Policy): AdmissionStep {
  return {
    admit: ({ principal, server, messages: { frames } }) => {
      for (const frame of frames) {
        if (frame.kind === "response" || (frame.kind === "notification" && !policy.reveals)) continue;
        if (!policy.reveals && frame.method !== methods.initialize) continue;
        const action = actionOf(server, frame.method, frame.params);
        const decision = policy.decide(principal, action);
        if (!decision.isAllowed) throw refusalFor(action, decision);
      }
    },
  };
}
