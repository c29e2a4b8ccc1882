/** Node takes a longer timer for one of 1 ms. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
