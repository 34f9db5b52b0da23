// What the search box means: a condition in MLflow's language, or a part of the run's name.

export interface Search {
  filter: string;
  name: string;
}

const COMPARES = /[=<>]|\s(?:like|ilike|in|is)(?:\s|$)/i;

export function searchOf(text: string): Search {
  const wanted = text.trim();
  return COMPARES.test(wanted) ? { filter: wanted, name: "" } : { filter: "", name: wanted };
}

/** A condition for an example with names that exist, in MLflow's quotes. */
export function exampleOf(metric: string | undefined, param: string | undefined): string[] {
  return [
    ...(metric ? [`metrics.${quoted(metric)} < 0.5`] : []),
    ...(param ? [`params.${quoted(param)} = '1'`] : []),
  ];
}

function quoted(name: string): string {
  return /^\w+$/.test(name) ? name : `\`${name}\``;
}
