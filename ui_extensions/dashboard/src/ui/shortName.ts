// Shortens long names where there is no room for two lines.

const LONGEST_NAME = 60;
/** Share of the letters that are those of the end. */
const END_SHARE = 0.25;

/** Shortens a very long name to its beginning and end. */
export function shortName(name: string, longest = LONGEST_NAME): string {
  const letters = [...name];
  const end = Math.round(longest * END_SHARE);
  return letters.length > longest
    ? `${letters.slice(0, longest - end).join("")}…${letters.slice(-end).join("")}`
    : name;
}
