// The delay before a failed request is retried.

const RETRY_MS = 3_000;

/** Random, so that pages do not retry all at once when a server is back. */
export function retryDelayMs(): number {
  return RETRY_MS * (0.5 + Math.random());
}
