// How many runs can be compared: as many as there are lines that can be told apart.

/** Six colours with five dashes each; the server compares no more. */
export const MOST_COMPARED = 30;
