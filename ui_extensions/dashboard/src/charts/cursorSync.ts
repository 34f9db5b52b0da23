// Shows the cursor of one chart in all others, at the same step.

export interface CursorFollower {
  /** Null hides the cursor. */
  followCursor(step: number | null): void;
}

const followers = new Set<CursorFollower>();

/** Returns a function that ends this. */
export function followCursors(follower: CursorFollower): () => void {
  followers.add(follower);
  return () => followers.delete(follower);
}

export function publishCursor(from: CursorFollower, step: number | null): void {
  for (const follower of followers) {
    if (follower !== from) {
      follower.followCursor(step);
    }
  }
}
