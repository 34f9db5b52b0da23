// When to ask again what the server could not answer.

const RETRY_MS = 3_000;

/** Not all pages at once, when a server is back. */
export function retryDelayMs(): number {
  return RETRY_MS * (0.5 + Math.random());
}
