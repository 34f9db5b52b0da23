import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { useLive } from "../live/liveStore";
import { POLL_MS } from "../live/polling";
import { Badge } from "./Badge";
import { useNow } from "./useNow";

const texts = words(
  {
    live: "Live",
    connecting: "Connecting…",
    lost: (since: string) => `Not live: connection lost ${since}`,
    polling: (time: string) => `Not live: asks every ${time}`,
    refused: "Not live: the server refuses this page",
  },
  {
    fr: {
      live: "En direct",
      connecting: "Connexion…",
      lost: (since) => `Pas en direct : connexion perdue ${since}`,
      polling: (time) => `Pas en direct : demande toutes les ${time}`,
      refused: "Pas en direct : le serveur refuse cette page",
    },
  },
);

/** Shows whether the pages are live. */
export function ConnectionBadge() {
  const t = useWords(texts);
  const { duration } = useFormats();
  const { state } = useLive((live) => live.connection);
  return (
    <span role="status">
      {state === "live" && <Badge tone="ok">{t.live}</Badge>}
      {state === "connecting" && <Badge tone="stale">{t.connecting}</Badge>}
      {state === "refused" && <Badge tone="critical">{t.refused}</Badge>}
      {state === "lost" && <Lost />}
      {state === "polling" && <Badge tone="stale">{t.polling(duration(POLL_MS / 1000))}</Badge>}
    </span>
  );
}

function Lost() {
  const t = useWords(texts);
  const { ago } = useFormats();
  const { sinceMs, reason } = useLive((live) => live.connection);
  // Updated rarely, because screen readers read a status whenever it changes.
  const now = useNow(15_000);
  return (
    <span title={reason}>
      <Badge tone="critical">{t.lost(ago(sinceMs, now))}</Badge>
    </span>
  );
}
