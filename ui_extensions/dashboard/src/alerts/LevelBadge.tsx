import type { CriticalAlert } from "../../../live/schemas";
import { useWords } from "../i18n/words";
import { Badge } from "../ui/Badge";
import { isOpen } from "./alertOrder";
import { levelWords } from "./alertWords";

export function LevelBadge({ alert }: { alert: CriticalAlert }) {
  const t = useWords(levelWords);
  const { level } = alert;
  if (isOpen(alert)) {
    return <Badge tone={level}>{t[level]}</Badge>;
  }
  return (
    <Badge tone="stale" sign="✓">
      {level === "critical" ? t.wasCritical : t.wasWarning}
    </Badge>
  );
}
