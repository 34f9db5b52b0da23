// Which refusals say nothing about what there is, so that a connection may still come about.

import { RequestError } from "../live/rest";

export function isPassing(error: unknown): boolean {
  if (!(error instanceof RequestError)) {
    return false;
  }
  return error.isUnreachable || error.status === 429 || error.status >= 500;
}
