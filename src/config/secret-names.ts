const SECRET_NAME =
  /key|token|secret|passw|passphrase|credential|auth|dsn|cookie|bearer|jwt|[-_]pwd|(?:^|[-_.])(?:pass|pat)(?:$|[-_.])/i;

/** Whether a variable, header, option or key of this name usually holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
