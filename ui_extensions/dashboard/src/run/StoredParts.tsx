import { ChildRuns } from "./details/ChildRuns";
import { Details } from "./details/Details";
import { Files } from "./files/Files";
import { CrashBoundary } from "../ui/CrashBoundary";

/** What MLflow stores of a run besides its metrics; loaded after the rest of the page. */
export function StoredParts({ runId, isDeleted }: { runId: string; isDeleted: boolean }) {
  return (
    <>
      <CrashBoundary isPart>
        <ChildRuns runId={runId} />
      </CrashBoundary>
      <CrashBoundary isPart>
        <Details runId={runId} isDeleted={isDeleted} />
      </CrashBoundary>
      <CrashBoundary isPart>
        <Files runId={runId} />
      </CrashBoundary>
    </>
  );
}
