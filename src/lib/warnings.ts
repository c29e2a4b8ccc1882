/** Reports a warning. */
export type Warn = (message: string) => void;

/** Maximum number of different warnings about one subject: untrusted input can be wrong in a hundred thousand places. */
const MAX_MESSAGES = 10;

/** Reports each message once, and a limited number of messages. */
export function warnOnce(warn: Warn): Warn {
  const reported = new Set<string>();
  return (message) => {
    if (reported.has(message) || reported.size > MAX_MESSAGES) return;
    reported.add(message);
    warn(reported.size > MAX_MESSAGES ? "and more of the kind" : message);
  };
}
