/** What the reasons mean that share a code. */
export const REASONS: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([
  ["origin_denied", { host_denied: "The request is addressed to a host name that is not served." }],
  [
    "invalid_arguments",
    { key_reused: "The Idempotency-Key came before with another body, session or form of result." },
  ],
  [
    "unavailable",
    {
      session_ended: "The session ended before the answer came.",
      queue_full: "Too much waits already: calls, input that the server does not read, or pages to be made.",
      too_many_bodies: "Request bodies take all the memory that limits.bodiesBytes gives them.",
      too_many_sessions: "All the sessions that the limits allow are in use.",
      too_many_starts: "Too many servers are starting at this moment.",
      descriptors_exhausted: "The gateway has no file descriptors left for another process.",
      crash_loop: "The server ended too often in a short time and is not started for a while.",
      circuit_open: "The server elsewhere could not be reached several times in a row; it is tried again soon.",
      upstream_busy: "The server elsewhere says that it is asked too often, or is not available at the moment.",
      draining: "The gateway is shutting down.",
    },
  ],
]);

/** Of a reason that shares its code: why it happens, and what to do about this one. */
export const REASON_TEXTS: ReadonlyMap<string, readonly [why: string, action: string]> = new Map([
  [
    "host_denied",
    [
      "A web page could reach the gateway under a host name of its own (DNS rebinding), so only known names are served.",
      "List the name under allowedHosts in the gateway's config, or set publicUrl.",
    ],
  ],
  [
    "key_reused",
    ["A key stands for one call, and this is another one.", "Use a new Idempotency-Key for each new call."],
  ],
  [
    "session_ended",
    [
      "It was closed, or it was idle for too long, while the call waited.",
      "Call again, which opens a new session. The call may have had effects.",
    ],
  ],
  [
    "queue_full",
    [
      "Calls come faster than the server answers them.",
      "Send fewer at a time, or wait for the time in Retry-After; limits.inFlight says how many may wait.",
    ],
  ],
  [
    "too_many_bodies",
    ["Many large bodies are read at the same time.", "Wait for the time in Retry-After, or raise limits.bodiesBytes."],
  ],
  [
    "too_many_sessions",
    [
      "Every session has a process of its own, so there is a limit to them: for all callers, and for each.",
      "End sessions that are not needed (DELETE /api/sessions/<id>), or raise the limits of sessions in the gateway's config.",
    ],
  ],
  [
    "too_many_starts",
    ["Starting takes most of what a server ever needs.", "Wait for the time in Retry-After and try again."],
  ],
  [
    "descriptors_exhausted",
    [
      "Every process and every connection takes some, and the system allows only so many.",
      "Raise the limit of open files for the gateway (ulimit -n, LimitNOFILE), or end sessions.",
    ],
  ],
  [
    "crash_loop",
    [
      "Starting it again at once would only end again: a module, a key or a file is missing, or it crashes.",
      "Look into the gateway's log for its last words, mend the cause, and wait for the time in Retry-After.",
    ],
  ],
  [
    "circuit_open",
    [
      "Nothing answers at its address, so calls do not wait for it one after the other.",
      "Try again after the time in Retry-After; calls pass again as soon as it answers.",
    ],
  ],
  [
    "upstream_busy",
    ["It limits how often it may be asked, or it is being restarted.", "Try again after the time in Retry-After."],
  ],
  [
    "draining",
    ["It was told to stop; calls that run may finish.", "Try again after the time in Retry-After, when it is back."],
  ],
]);
