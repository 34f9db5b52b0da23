// One project: what the server knows of it, and its progress as it arrives.

import { useCallback, useEffect, useState } from "react";
import type { ConnectionState } from "../../../../live/reconnectingSocket";
import { ProjectStream } from "../../../../live/projectStream";
import { asRequestError, type RequestError } from "../../../../live/rest";
import type { ProjectDetail, ProjectProgress } from "../../../../live/schemas";
import { POLL_MS } from "../../live/polling";
import { address, rest } from "../../live/session";
import { useQuery } from "../../ui/useQuery";

export interface ShownProject {
  detail: ProjectDetail | undefined;
  /** The newest known; it has no time left until it has arrived by itself. */
  progress: ProjectProgress | undefined;
  connection: ConnectionState;
  isGone: boolean;
  error: RequestError | undefined;
  refetch(): void;
}

export function useProject(projectId: string): ShownProject {
  const [progress, setProgress] = useState<ProjectProgress>();
  const [connection, setConnection] = useState<ConnectionState>("connecting");
  const [isGone, setIsGone] = useState(false);
  const path = `api/v1/projects/${encodeURIComponent(projectId)}`;

  useEffect(() => {
    const stream = new ProjectStream(address, projectId, {
      onProgress: setProgress,
      onStatus: ({ state }) => setConnection(state),
      onGone: () => setIsGone(true),
    });
    const check = () => !document.hidden && stream.checkNow();
    stream.start();
    window.addEventListener("online", check);
    document.addEventListener("visibilitychange", check);
    return () => {
      stream.close();
      window.removeEventListener("online", check);
      document.removeEventListener("visibilitychange", check);
    };
  }, [projectId]);

  const isPolling = !isGone && (connection === "lost" || connection === "refused");
  useEffect(() => {
    if (!isPolling) {
      return undefined;
    }
    const abort = new AbortController();
    const poll = () => {
      rest
        .get<ProjectProgress>(`${path}/progress`, {}, abort.signal)
        .then(setProgress, (error: unknown) => {
          if (!abort.signal.aborted && asRequestError(error).status === 404) {
            setIsGone(true);
          }
        });
    };
    const timer = setInterval(poll, POLL_MS);
    poll();
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [path, isPolling]);

  const read = useCallback(
    (signal: AbortSignal) => rest.get<ProjectDetail>(path, {}, signal),
    [path],
  );
  const { data, error, refetch } = useQuery(read, placeOf(progress));
  return {
    detail: data,
    progress: progress ?? (data && progressOf(data)),
    connection,
    isGone: isGone || error?.status === 404,
    error,
    refetch,
  };
}

/** Changes whenever the rest of the project may have changed. */
function placeOf(progress: ProjectProgress | undefined): string {
  if (!progress) {
    return "";
  }
  const { status, current_stage, run_id, question } = progress;
  return [status, current_stage, run_id, question?.id].join("\n");
}

function progressOf(detail: ProjectDetail): ProjectProgress {
  const { project_id, status, current_stage, progress_percentage, message, question } = detail;
  return {
    project_id,
    status,
    current_stage,
    progress_percentage,
    message,
    question,
    run_id: detail.run_id,
    stage_details: { run_status: detail.run_status },
    estimated_time_remaining: null,
    error_code: detail.error_code,
  };
}
