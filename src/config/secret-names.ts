const SECRET_NAME = /key|token|secret|passw|credential|auth|dsn|cookie/i;

/** Does a variable or a key of this name usually hold a secret? */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** May the value at this path of the config be a secret? Better one masked value too many than one shown. */
export function isSecretPath(path: readonly PropertyKey[]): boolean {
  return (
    path[0] === "auth" ||
    path.includes("env") ||
    path.includes("headers") ||
    path.some((key) => isSecretName(String(key)))
  );
}
