// The projects of the galaxy: asked for every few seconds, and live from the sockets of those that run.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { RequestError } from "../../../live/rest";
import type { GalaxyProject, ProjectProgress } from "../../../live/schemas";
import { rest } from "../live/session";
import { useNowInView } from "../ui/useNow";
import { useQuery } from "../ui/useQuery";
import { followed, withProgress } from "./galaxyState";
import { ProjectSockets } from "./projectSockets";

export const POLL_MS = 5_000;
/** The server lists no more at once. */
export const MOST_PROJECTS = 500;

export interface ShownGalaxy {
  /** Newest first; undefined until the first answer. */
  projects: readonly GalaxyProject[] | undefined;
  total: number;
  isLost: boolean;
  error: RequestError | undefined;
  refetch(): void;
}

export function useGalaxy(): ShownGalaxy {
  const nowMs = useNowInView(POLL_MS);
  const [progresses, setProgresses] = useState<ReadonlyMap<string, ProjectProgress>>(new Map());
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const [isLost, setIsLost] = useState(false);
  const read = useCallback(
    (signal: AbortSignal) =>
      rest.list<GalaxyProject>("api/v1/projects/galaxy", { limit: MOST_PROJECTS }, signal),
    [],
  );
  // A new stage or end also changes runs and scores, which are only in the answer.
  const stages = [...progresses.values()].map(
    ({ project_id, status, current_stage }) => `${project_id} ${status} ${current_stage}`,
  );
  const when = `${nowMs} ${stages.join()}`;
  const { data, error, refetch } = useQuery(read, when);
  const entries = useUnlessEqual(data?.entries);
  const projects = useMemo(
    () =>
      entries
        ?.filter(({ project_id }) => !gone.has(project_id))
        .map((project) => withProgress(project, progresses.get(project.project_id))),
    [entries, gone, progresses],
  );

  const sockets = useMemo(
    () =>
      new ProjectSockets({
        onProgress: (progress) =>
          setProgresses((before) => new Map(before).set(progress.project_id, progress)),
        onGone: (projectId) => setGone((before) => new Set(before).add(projectId)),
        onLost: setIsLost,
      }),
    [],
  );
  const ids = followed(projects ?? []).join();
  useEffect(() => sockets.follow(ids === "" ? [] : ids.split(",")), [sockets, ids]);
  useEffect(() => {
    const check = () => !document.hidden && sockets.checkNow();
    window.addEventListener("online", check);
    document.addEventListener("visibilitychange", check);
    return () => {
      window.removeEventListener("online", check);
      document.removeEventListener("visibilitychange", check);
      sockets.follow([]);
    };
  }, [sockets]);
  // The answer may still have projects that were deleted since.
  const numGone = (entries?.length ?? 0) - (projects?.length ?? 0);
  return { projects, total: (data?.total ?? 0) - numGone, isLost, error, refetch };
}

/** The earlier value as long as the new one has the same content: then nothing is drawn again. */
function useUnlessEqual<T>(value: T): T {
  const kept = useRef<{ value: T; text: string | undefined }>({ value, text: undefined });
  return useMemo(() => {
    const text = JSON.stringify(value);
    if (text !== kept.current.text) {
      kept.current = { value, text };
    }
    return kept.current.value;
  }, [value]);
}
