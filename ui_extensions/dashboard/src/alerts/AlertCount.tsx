import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Badge } from "../ui/Badge";
import { useNumOpen } from "./useOpenAlerts";

const texts = words(
  {
    critical: (_: number, count: string) => `${count} critical`,
    warning: (number: number, count: string) => `${count} ${number === 1 ? "warning" : "warnings"}`,
  },
  {
    fr: {
      critical: (number, count) => `${count} critique${number > 1 ? "s" : ""}`,
      warning: (number, count) => `${count} avertissement${number > 1 ? "s" : ""}`,
    },
  },
);

/** The number of open alerts of all runs, of the highest level that occurs. */
export function AlertCount() {
  const t = useWords(texts);
  const { whole } = useFormats();
  const numOpen = useNumOpen();
  const level = numOpen?.critical ? "critical" : "warning";
  const number = numOpen?.[level] ?? 0;
  if (number === 0) {
    return null;
  }
  return <Badge tone={level}>{t[level](number, whole(number))}</Badge>;
}
