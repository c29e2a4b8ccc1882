/** Says something to whoever reads warnings. */
export type Warn = (message: string) => void;

/** How many different warnings there may be about one thing: a stranger can be wrong in a hundred thousand places. */
const MOST = 10;

/** Says each message once, and not without end. */
export function warnOnce(say: Warn): Warn {
  const said = new Set<string>();
  return (message) => {
    if (said.has(message) || said.size > MOST) return;
    said.add(message);
    say(said.size > MOST ? "and more of the kind" : message);
  };
}
