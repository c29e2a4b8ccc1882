/** Counts how the visits ended, expected or not. */
export class Tally {
  readonly expected = new Map<string, number>();
  readonly unexpected = new Map<string, number>();
  visits = 0;

  add(what: string, end: string, isExpected: boolean): void {
    this.visits++;
    const counts = isExpected ? this.expected : this.unexpected;
    // Expected ends are counted together; others by trial and end.
    const name = isExpected ? end : `${what}: ${end}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  get failures(): number {
    return [...this.unexpected.values()].reduce((sum, times) => sum + times, 0);
  }

  lines(): string[] {
    const list = (counts: ReadonlyMap<string, number>): string[] =>
      [...counts].toSorted(([, a], [, b]) => b - a).map(([what, times]) => `  ${times} × ${what}`);
    const bad = this.failures === 0 ? [] : [`${this.failures} unexpected ends:`, ...list(this.unexpected)];
    return ["ends:", ...list(this.expected), ...bad];
  }
}
