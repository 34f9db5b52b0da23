// How many runs can be compared, and how many of them have a line of their own.

/** More lines than that fill a chart; the server takes no more at once, either. */
export const MOST_COMPARED = 200;
/** Six colours with five dashes each; then the lines look like earlier ones. */
export const DISTINCT_LINES = 30;
