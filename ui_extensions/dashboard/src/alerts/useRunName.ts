// Names of runs by id, for alerts, which only have the id.

import { useEffect } from "react";
import { create } from "zustand";
import { RequestError } from "../../../live/rest";
import type { TrainingStatus } from "../../../live/schemas";
import { useLive } from "../live/liveStore";
import { rest } from "../live/session";

const MAX_CONCURRENT = 4;
const MAX_WAIT_MS = 1_500;

/** By run id; empty for a run that the server no longer has. */
export const useLoadedNames = create<Record<string, string>>()(() => ({}));

const requested = new Set<string>();
const waiting: string[] = [];
let numLoading = 0;

/** Empty until the name is known. */
export function useRunName(runId: string): string {
  const live = useLive((state) => state.runs[runId]?.status?.run_name);
  const loaded = useLoadedNames((names) => names[runId]);
  const gaps = useLive((state) => state.gaps);
  const isWanted = !live && loaded === undefined;
  // `gaps` is a dependency because the server may answer again after a gap.
  useEffect(() => {
    if (isWanted) {
      requestName(runId);
    }
  }, [isWanted, runId, gaps]);
  return live || loaded || "";
}

/** The run's name, or the start of its id if the server does not answer in time. */
export async function nameOfRun(runId: string): Promise<string> {
  const known = knownName(runId);
  if (known !== "") {
    return known;
  }
  requestName(runId);
  await new Promise<void>((done) => {
    const stop = useLoadedNames.subscribe((names) => {
      if (names[runId] !== undefined) {
        stop();
        done();
      }
    });
    setTimeout(() => {
      stop();
      done();
    }, MAX_WAIT_MS);
  });
  return knownName(runId) || shortId(runId);
}

function knownName(runId: string): string {
  return useLive.getState().runs[runId]?.status?.run_name || useLoadedNames.getState()[runId] || "";
}

export function shortId(runId: string): string {
  return runId.slice(0, 8);
}

function requestName(runId: string): void {
  if (!requested.has(runId)) {
    requested.add(runId);
    waiting.push(runId);
    void loadNext();
  }
}

async function loadNext(): Promise<void> {
  const runId = numLoading < MAX_CONCURRENT ? waiting.shift() : undefined;
  if (runId === undefined) {
    return;
  }
  numLoading += 1;
  try {
    const status = await rest.get<TrainingStatus>(`api/runs/${encodeURIComponent(runId)}`);
    useLoadedNames.setState({ [runId]: status.run_name });
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) {
      useLoadedNames.setState({ [runId]: "" });
    } else {
      requested.delete(runId);
    }
  } finally {
    numLoading -= 1;
    void loadNext();
  }
}
