// The call that was just made, for a shell. The credentials are the name of a variable: the secret itself is not in it.

/**
 * @param {string} url
 * @param {string} body
 */
export function curlOf(url, body) {
  const field = document.getElementById("credential");
  const header = field instanceof HTMLInputElement && field.value !== "" ? (field.dataset.curl ?? "") : "";
  return [
    `curl -sS ${word(new URL(url, location.href).href)}`,
    ...(header === "" ? [] : [`  ${header}`]),
    "  -H 'Content-Type: application/json'",
    `  -d ${word(body)}`,
  ].join(" \\\n");
}

/**
 * One word of a POSIX shell, whatever it holds.
 * @param {string} text
 */
const word = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
