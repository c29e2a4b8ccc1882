// The address of the page says which session is open, so that it can be kept and passed on.

/** @param {string} hash */
export function sessionIn(hash) {
  return new URLSearchParams(hash.replace(/^#/, "")).get("session") || undefined;
}

/** @param {string} key */
export const hashOf = (key) => `#${new URLSearchParams({ session: key }).toString()}`;
