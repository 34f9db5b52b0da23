import type { ConnectionState } from "../../../../live/reconnectingSocket";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { POLL_MS } from "../../live/polling";
import { Badge } from "../../ui/Badge";
import styles from "./ConnectionNote.module.css";

const texts = words(
  {
    stale: "Not live",
    lost: (time: string) =>
      `The live connection to this project is lost. Meanwhile the page asks for its state every ${time}, and reconnects by itself.`,
  },
  {
    fr: {
      stale: "Pas en direct",
      lost: (time) =>
        `La connexion en direct à ce projet est perdue. En attendant, la page demande son état toutes les ${time}, et se reconnecte d’elle-même.`,
    },
  },
);

/** Says that the page is not live, and what it does instead. */
export function ConnectionNote({ connection }: { connection: ConnectionState }) {
  const t = useWords(texts);
  const { duration } = useFormats();
  const isLost = connection === "lost" || connection === "refused";
  return isLost ? (
    <p role="status" className={styles.note}>
      <Badge tone="stale">{t.stale}</Badge> {t.lost(duration(POLL_MS / 1000))}
    </p>
  ) : null;
}
