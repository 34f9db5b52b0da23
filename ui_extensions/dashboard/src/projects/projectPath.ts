// The paths of the pages of projects.

export const PROJECTS_PATH = "/projects";
export const NEW_PROJECT_PATH = "/projects/new";

export function projectPath(projectId: string): string {
  return `${PROJECTS_PATH}/${encodeURIComponent(projectId)}`;
}

export const GALAXY_PATH = "/galaxy";

/** The galaxy at the star of a project, or at the planet of one of its runs. */
export function galaxyPath(projectId: string, runId: string | null = null): string {
  const star = `${GALAXY_PATH}?project=${encodeURIComponent(projectId)}`;
  return runId === null ? star : `${star}&run=${encodeURIComponent(runId)}`;
}
