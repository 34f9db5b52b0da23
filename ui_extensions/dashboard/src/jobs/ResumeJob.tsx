import type { JobStarted } from "../../../live/schemas";
import { shortId, useRunName } from "../alerts/useRunName";
import { useWords, words } from "../i18n/words";
import { rest } from "../live/session";
import { Button } from "../ui/Button";
import { ErrorNote } from "../ui/ErrorNote";
import { useAction } from "../ui/useAction";

const texts = words(
  { resume: "Resume", of: (name: string) => `${name} from its last checkpoint` },
  {
    fr: {
      resume: "Reprendre",
      of: (name) => `${name} depuis son dernier point de contrôle`,
    },
  },
);

interface Props {
  jobId: string;
  onChanged(): void;
}

/** Puts a job that was interrupted, failed or was stopped into the queue again. */
export function ResumeJob({ jobId, onChanged }: Props) {
  const t = useWords(texts);
  const name = useRunName(jobId) || shortId(jobId);
  const { isBusy, error, run } = useAction();
  const path = `api/jobs/${encodeURIComponent(jobId)}/resume`;
  return (
    <>
      <Button
        isBusy={isBusy}
        onClick={() => run(() => rest.post<JobStarted>(path, {}, {}), onChanged)}
      >
        {t.resume} <span className="visually-hidden">{t.of(name)}</span>
      </Button>
      {error && <ErrorNote error={error} />}
    </>
  );
}
