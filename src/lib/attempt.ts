/**
 * Runs what may fail now or, when it returns a promise, later. `onError` gets the error in both cases; what it throws is what the
 * caller sees.
 */
export function attempt<Value>(
  run: () => Promise<Value> | Value,
  onError: (error: unknown) => never,
): Promise<Value> | Value {
  try {
    const ran = run();
    return ran instanceof Promise ? ran.catch(onError) : ran;
  } catch (error) {
    return onError(error);
  }
}
