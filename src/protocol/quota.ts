/** The state of a rate limit after a request was counted. */
export interface Quota {
  /** Requests per window. */
  readonly limit: number;
  readonly remaining: number;
  /** Until the window ends. */
  readonly resetMs: number;
}

/** Every rate limit counts in windows of one minute. */
export const QUOTA_WINDOW_S = 60;
