import type { Admission, Submission } from "../protocol/admission.ts";
import type { Frame, RequestFrame } from "../protocol/frame.ts";
import { aimOf, subjectOf } from "./addressing.ts";
import type { Aggregate } from "./aggregate.ts";
import { asAtServer } from "./canonical.ts";

type Find = (name: string) => Aggregate | undefined;

/** Asks about requests to endpoints in front of several servers as if they had been sent to the servers themselves. */
export function aggregateAdmission(admission: Admission, find: Find): Admission {
  const refused: Admission["refused"] = (submission, error) => {
    for (const part of partsOf(submission, find)) admission.refused(part, error);
  };
  return {
    admit: (submission) => {
      const aggregate = find(submission.server);
      if (aggregate === undefined) return admission.admit(submission);
      const doubt = doubtAbout(submission, aggregate);
      if (doubt === undefined) return admitFrom(0, partsOf(submission, find), admission);
      return doubt.then(() => admitFrom(0, partsOf(submission, find), admission));
    },
    foresee: (submission) => {
      for (const part of partsOf(submission, find)) admission.foresee(part);
    },
    refused,
    open: (submission, request) => {
      const aggregate = find(submission.server);
      if (aggregate === undefined) return admission.open(submission, request);
      const { server, frame } = atServer(request, submission.server, aggregate);
      return admission.open(server === submission.server ? submission : { ...submission, server }, frame);
    },
  };
}

/** What has to be waited for until it is clear what the messages are about. */
function doubtAbout({ messages }: Submission, aggregate: Aggregate): Promise<void> | undefined {
  for (const frame of messages.frames) {
    const subject = frame.kind === "request" ? subjectOf(frame) : undefined;
    const doubt = subject && aggregate.doubtAbout(subject, aimOf(subject, aggregate.table));
    if (doubt !== undefined) return doubt;
  }
  return undefined;
}

/** One for each server that the messages are for, in their order. */
function partsOf(submission: Submission, find: Find): readonly Submission[] {
  const aggregate = find(submission.server);
  if (aggregate === undefined) return [submission];
  const byServer = new Map<string, Frame[]>();
  for (const message of submission.messages.frames) {
    const { server, frame } =
      message.kind === "request"
        ? atServer(message, submission.server, aggregate)
        : { server: submission.server, frame: message };
    const frames = byServer.get(server);
    if (frames === undefined) byServer.set(server, [frame]);
    else frames.push(frame);
  }
  const { isBatch } = submission.messages;
  return [...byServer].map(([server, frames]) => ({ ...submission, server, messages: { frames, isBatch } }));
}

/** What is about the endpoint itself stays with its name. */
function atServer(
  frame: RequestFrame,
  own: string,
  { table }: Aggregate,
): { readonly server: string; readonly frame: RequestFrame } {
  const subject = subjectOf(frame);
  if (subject === undefined) return { server: table.routeOf(frame.method) ?? own, frame };
  const aim = aimOf(subject, table);
  return aim === undefined ? { server: own, frame } : { server: aim.server, frame: asAtServer(frame, aim) };
}

function admitFrom(first: number, parts: readonly Submission[], admission: Admission): Promise<void> | void {
  for (let index = first; index < parts.length; index++) {
    const part = parts[index];
    const asked = part && admission.admit(part);
    if (asked !== undefined) return asked.then(() => admitFrom(index + 1, parts, admission));
  }
}
