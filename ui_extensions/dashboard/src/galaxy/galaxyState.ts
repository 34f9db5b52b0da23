// What the galaxy shows: the server's answer with what has arrived live since, and what has changed.

import type { GalaxyProject, ProjectProgress } from "../../../live/schemas";
import { hasProjectEnded } from "../projects/projectStatus";

/** Sockets at a time: the server gives each project ten, and a browser has a limit of its own. */
export const MOST_FOLLOWED = 8;

/** The project as it is by the newest progress, which is that of the run that the answer has. */
export function withProgress(
  project: GalaxyProject,
  progress: ProjectProgress | undefined,
): GalaxyProject {
  if (!progress || progress.run_id !== project.run_id || hasProjectEnded(project.status)) {
    return project;
  }
  return {
    ...project,
    status: progress.status,
    current_stage: progress.current_stage,
    progress_percentage: progress.progress_percentage,
    has_question: progress.question !== null,
  };
}

/** The newest of the projects that run; the others are only asked for now and then. */
export function followed(projects: readonly GalaxyProject[]): readonly string[] {
  return projects
    .filter(({ status, has_question }) => !hasProjectEnded(status) && !has_question)
    .slice(0, MOST_FOLLOWED)
    .map(({ project_id }) => project_id);
}

export type Change =
  | { kind: "new" | "gone" | "status" | "question"; project: GalaxyProject }
  | { kind: "stage"; project: GalaxyProject };

/** What somebody who does not see the sky has to be told. */
export function changesBetween(
  before: readonly GalaxyProject[],
  after: readonly GalaxyProject[],
): Change[] {
  const earlier = new Map(before.map((project) => [project.project_id, project]));
  const changes: Change[] = [];
  for (const project of after) {
    const known = earlier.get(project.project_id);
    earlier.delete(project.project_id);
    const kind = known ? changed(known, project) : "new";
    if (kind) {
      changes.push({ kind, project });
    }
  }
  return [
    ...changes,
    ...[...earlier.values()].map((project) => ({ kind: "gone", project }) as const),
  ];
}

function changed(before: GalaxyProject, after: GalaxyProject): Change["kind"] | undefined {
  if (after.has_question !== before.has_question) {
    return after.has_question ? "question" : "status";
  }
  const hasNewEnd = before.status !== after.status && hasProjectEnded(after.status);
  if (hasNewEnd || hasProjectEnded(before.status) !== hasProjectEnded(after.status)) {
    return "status";
  }
  return before.current_stage === after.current_stage ? undefined : "stage";
}

/** The projects whose name has all words of `text`, without regard to case and accents. */
export function matching(
  projects: readonly GalaxyProject[],
  text: string,
): readonly GalaxyProject[] {
  const wanted = plain(text)
    .split(" ")
    .filter((word) => word !== "");
  return wanted.length === 0
    ? projects
    : projects.filter(({ project_name, project_id }) => {
        const name = plain(project_name);
        return wanted.every((word) => name.includes(word) || project_id.startsWith(word));
      });
}

function plain(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
}
