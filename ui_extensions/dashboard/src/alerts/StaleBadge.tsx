import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { useLive } from "../live/liveStore";
import { Badge } from "../ui/Badge";

const texts = words(
  { asOf: (time: string) => `Not live: as of ${time}` },
  { fr: { asOf: (time) => `Pas en direct : état de ${time}` } },
);

/** Marks alerts as possibly outdated while the page is not connected. */
export function StaleBadge() {
  const t = useWords(texts);
  const { clock } = useFormats();
  const { state, sinceMs } = useLive((live) => live.connection);
  if (state === "live" || state === "connecting") {
    return null;
  }
  return <Badge tone="stale">{t.asOf(clock(sinceMs))}</Badge>;
}
