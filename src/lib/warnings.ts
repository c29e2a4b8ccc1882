/** Reports a warning. */
export type Warn = (message: string) => void;

/** Maximum number of different warnings about one subject: untrusted input can be wrong in a hundred thousand places. */
const MOST = 10;

/** Reports each message once, and a limited number of messages. */
export function warnOnce(say: Warn): Warn {
  const said = new Set<string>();
  return (message) => {
    if (said.has(message) || said.size > MOST) return;
    said.add(message);
    say(said.size > MOST ? "and more of the kind" : message);
  };
}
