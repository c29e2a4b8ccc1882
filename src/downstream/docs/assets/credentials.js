// What a person typed in to show who they are. It stays in the field: nothing stores it.

/**
 * The header to send, and what was typed in for it.
 * @param {ParentNode} place
 */
export function credentialOf(place) {
  const field = place.querySelector("#credential");
  if (!(field instanceof HTMLInputElement) || field.value.trim() === "") return { headers: {}, value: "" };
  const { header = "Authorization", schemes = "" } = field.dataset;
  const typed = field.value.trim();
  const authorization = authorizationOf(typed, schemes.split(" "));
  const headers = authorization === undefined ? { [header]: typed } : { Authorization: authorization };
  return { headers, value: field.value };
}

/**
 * A token, `user:password`, or the whole value of the header; undefined for a key that has a header of its own.
 * @param {string} typed
 * @param {string[]} schemes
 */
function authorizationOf(typed, schemes) {
  if (/^(?:Bearer|Basic|Api-Key) +\S/i.test(typed)) return typed;
  if (schemes.includes("basic") && typed.includes(":")) {
    return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(typed)))}`;
  }
  return schemes.includes("bearer") || schemes.includes("oidc") ? `Bearer ${typed}` : undefined;
}

/**
 * With credentials of its own a request needs none of the browser's, and a refusal must not make the browser ask for some.
 * @returns {{ headers: Record<string, string>, credentials: RequestCredentials }}
 */
export function credentials() {
  const { headers, value } = credentialOf(document);
  return { headers, credentials: value === "" ? "same-origin" : "omit" };
}
