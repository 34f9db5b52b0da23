import { CrashBoundary } from "../../ui/CrashBoundary";
import type { FoundImages } from "../artifacts";
import { quantileMetric } from "../generatorRun";
import { DataReport } from "./DataReport";
import { MemorisedPairs } from "./MemorisedPairs";
import { Quantiles } from "./Quantiles";
import { Samples } from "./Samples";
import styles from "./Generator.module.css";

interface Props {
  runId: string;
  names: readonly string[];
  found: FoundImages;
}

/** What a run that trains a generator of images has besides others; each part only if it is there. */
export function GeneratorParts({ runId, names, found: { paths, folders } }: Props) {
  return (
    <div className={styles.page}>
      <CrashBoundary isPart>
        <Samples runId={runId} paths={paths} />
      </CrashBoundary>
      {names.includes(quantileMetric(1)) && (
        <CrashBoundary isPart>
          <Quantiles runId={runId} />
        </CrashBoundary>
      )}
      {folders.includes("quality") && (
        <CrashBoundary isPart>
          <MemorisedPairs runId={runId} paths={paths} />
        </CrashBoundary>
      )}
      {folders.includes("data") && (
        <CrashBoundary isPart>
          <DataReport runId={runId} />
        </CrashBoundary>
      )}
    </div>
  );
}
