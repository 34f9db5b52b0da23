import type { RunStatus } from "../../../live/schemas";
import { useWords } from "../i18n/words";
import { Badge } from "./Badge";
import { STATUS_APPEARANCE, STATUS_WORDS } from "../../../live/statusAppearance";

export function StatusBadge({ status }: { status: RunStatus }) {
  const t = useWords(STATUS_WORDS);
  const [tone, sign] = STATUS_APPEARANCE[status];
  return (
    <Badge tone={tone} sign={sign}>
      {t[status]}
    </Badge>
  );
}
