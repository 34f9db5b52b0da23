// What a user enters for a new project, and the form that is sent.

export interface NewProject {
  file: File | null;
  description: string;
  name: string;
  /** Minutes, as typed. */
  budget: string;
  group: string;
}

export const EMPTY: NewProject = { file: null, description: "", name: "", budget: "", group: "" };

/** The server's limits. */
export const DESCRIPTION_CHARS = 4_000;
export const NAME_CHARS = 200;
const LONGEST_BUDGET_MIN = 7 * 24 * 60;

/** Seconds for the selection of models; null without an entry, undefined if it is no such number. */
export function budgetSeconds(typed: string): number | null | undefined {
  if (typed.trim() === "") {
    return null;
  }
  const minutes = Number(typed.trim().replace(",", "."));
  const isValid = Number.isFinite(minutes) && minutes * 60 >= 1 && minutes <= LONGEST_BUDGET_MIN;
  return isValid ? minutes * 60 : undefined;
}

export function formOf({ file, description, name, budget, group }: NewProject): FormData {
  const form = new FormData();
  form.set("problem_description", description.trim());
  if (name.trim() !== "") {
    form.set("project_name", name.trim());
  }
  const seconds = budgetSeconds(budget);
  const settings = {
    ...(seconds ? { budget_s: seconds } : {}),
    // The name of a column may begin or end with blanks.
    ...(group === "" ? {} : { group }),
  };
  if (Object.keys(settings).length > 0) {
    form.set("settings", JSON.stringify(settings));
  }
  if (file) {
    // Last, so that the server knows the rest when the file arrives.
    form.set("file", file);
  }
  return form;
}
