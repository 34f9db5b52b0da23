// Names of runs, which alerts know by id alone.

import { useEffect } from "react";
import { create } from "zustand";
import { RequestError } from "../../../live/rest";
import type { TrainingStatus } from "../../../live/schemas";
import { useLive } from "../live/liveStore";
import { rest } from "../live/session";

const MOST_AT_ONCE = 4;
const LONGEST_WAIT_MS = 1_500;

/** By run id; empty for a run that the server does not know any more. */
export const useReadNames = create<Record<string, string>>()(() => ({}));

const asked = new Set<string>();
const waiting: string[] = [];
let numReading = 0;

/** Empty as long as it is not known. */
export function useRunName(runId: string): string {
  const live = useLive((state) => state.runs[runId]?.status?.run_name);
  const read = useReadNames((names) => names[runId]);
  const gaps = useLive((state) => state.gaps);
  const isWanted = !live && read === undefined;
  // After a gap the server may answer again.
  useEffect(() => {
    if (isWanted) {
      ask(runId);
    }
  }, [isWanted, runId, gaps]);
  return live || read || "";
}

/** For what cannot wait for long: the beginning of the id where the server does not answer soon. */
export async function nameOfRun(runId: string): Promise<string> {
  const known = knownName(runId);
  if (known !== "") {
    return known;
  }
  ask(runId);
  await new Promise<void>((done) => {
    const stop = useReadNames.subscribe((names) => {
      if (names[runId] !== undefined) {
        stop();
        done();
      }
    });
    setTimeout(() => {
      stop();
      done();
    }, LONGEST_WAIT_MS);
  });
  return knownName(runId) || shortId(runId);
}

function knownName(runId: string): string {
  return useLive.getState().runs[runId]?.status?.run_name || useReadNames.getState()[runId] || "";
}

export function shortId(runId: string): string {
  return runId.slice(0, 8);
}

function ask(runId: string): void {
  if (!asked.has(runId)) {
    asked.add(runId);
    waiting.push(runId);
    void readOn();
  }
}

async function readOn(): Promise<void> {
  const runId = numReading < MOST_AT_ONCE ? waiting.shift() : undefined;
  if (runId === undefined) {
    return;
  }
  numReading += 1;
  try {
    const status = await rest.get<TrainingStatus>(`api/runs/${encodeURIComponent(runId)}`);
    useReadNames.setState({ [runId]: status.run_name });
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) {
      useReadNames.setState({ [runId]: "" });
    } else {
      asked.delete(runId);
    }
  } finally {
    numReading -= 1;
    void readOn();
  }
}
