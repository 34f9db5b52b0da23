import type { RunStatus } from "../../../live/schemas";
import { useWords } from "../i18n/words";
import { Badge } from "./Badge";
import { appearanceOf, SILENT_WORDS, STATUS_WORDS } from "../../../live/statusAppearance";

interface Props {
  status: RunStatus;
  /** Whether nothing has been heard of the run: its status is then only what it last said. */
  isSilent?: boolean;
}

export function StatusBadge({ status, isSilent = false }: Props) {
  const t = useWords(STATUS_WORDS);
  const { silent } = useWords(SILENT_WORDS);
  const [tone, sign] = appearanceOf(status, isSilent);
  return (
    <Badge tone={tone} sign={sign}>
      {isSilent ? silent(t[status]) : t[status]}
    </Badge>
  );
}
