const SECRET_NAME =
  /key|token|secret|passw|passphrase|credential|auth|dsn|cookie|bearer|jwt|[-_]pwd|(?:^|[-_.])(?:pass|pat)(?:$|[-_.])/i;

/** Does a variable, a header, an option or a key of this name usually hold a secret? */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
