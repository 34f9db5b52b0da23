// Shortens long names where there is no room for two lines.

const LONGEST_NAME = 60;
const NAME_END = 15;

/** Shortens a very long name to its beginning and end. */
export function shortName(name: string): string {
  const letters = [...name];
  return letters.length > LONGEST_NAME
    ? `${letters.slice(0, LONGEST_NAME - NAME_END).join("")}…${letters.slice(-NAME_END).join("")}`
    : name;
}
