import { Link } from "wouter";
import { shortId, useRunName } from "../alerts/useRunName";
import { LongText } from "../ui/LongText";

/** The name of a job's run, which leads to its page. */
export function JobName({ runId }: { runId: string }) {
  const name = useRunName(runId);
  return (
    <LongText
      text={name || shortId(runId)}
      wrap={(shown) => <Link href={`/runs/${encodeURIComponent(runId)}`}>{shown}</Link>}
    />
  );
}
