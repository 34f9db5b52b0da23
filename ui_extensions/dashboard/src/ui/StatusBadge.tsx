import type { RunStatus } from "../../../live/schemas";
import { useWords } from "../i18n/words";
import { Badge } from "./Badge";
import { STATUS_LOOKS, statusWords } from "./runWords";

export function StatusBadge({ status }: { status: RunStatus }) {
  const t = useWords(statusWords);
  const { tone, sign } = STATUS_LOOKS[status];
  return (
    <Badge tone={tone} sign={sign}>
      {t[status]}
    </Badge>
  );
}
