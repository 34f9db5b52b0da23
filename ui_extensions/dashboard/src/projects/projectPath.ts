// The paths of the pages of projects.

export const PROJECTS_PATH = "/projects";
export const NEW_PROJECT_PATH = "/projects/new";

export function projectPath(projectId: string): string {
  return `${PROJECTS_PATH}/${encodeURIComponent(projectId)}`;
}
