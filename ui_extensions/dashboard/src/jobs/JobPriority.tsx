import type { JobEntry } from "../../../live/schemas";
import { useRunName, shortId } from "../alerts/useRunName";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { rest } from "../live/session";
import { ErrorNote } from "../ui/ErrorNote";
import { useAction } from "../ui/useAction";

const texts = words(
  {
    label: (name: string) => `Priority of ${name}`,
    first: (priority: string) => `${priority}, first`,
    last: (priority: string) => `${priority}, last`,
  },
  {
    fr: {
      label: (name) => `Priorité de ${name}`,
      first: (priority) => `${priority}, d’abord`,
      last: (priority) => `${priority}, en dernier`,
    },
  },
);

const PRIORITIES = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0] as const;

interface Props {
  jobId: string;
  priority: number;
  onChanged(): void;
}

/** The priority of a job that waits; another choice gives it another place. */
export function JobPriority({ jobId, priority, onChanged }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const name = useRunName(jobId) || shortId(jobId);
  const { isBusy, error, run } = useAction();
  const change = (chosen: number) =>
    run(
      () => rest.patch<JobEntry>(`api/jobs/${encodeURIComponent(jobId)}`, { priority: chosen }),
      onChanged,
    );
  const labelOf = (each: number): string =>
    each === 9 ? t.first(whole(each)) : each === 0 ? t.last(whole(each)) : whole(each);
  return (
    <>
      <select
        aria-label={t.label(name)}
        aria-busy={isBusy}
        value={priority}
        onChange={(event) => change(Number(event.target.value))}
      >
        {PRIORITIES.map((each) => (
          <option key={each} value={each}>
            {labelOf(each)}
          </option>
        ))}
      </select>
      {error && <ErrorNote error={error} />}
    </>
  );
}
