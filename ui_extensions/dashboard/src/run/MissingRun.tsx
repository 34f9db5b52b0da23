import { Link } from "wouter";
import { useWords, words } from "../i18n/words";
import { Empty } from "../ui/Section";
import styles from "./RunPage.module.css";

const texts = words(
  {
    missing: "There is no such run, or it belongs to another workspace.",
    all: "All runs",
  },
  {
    fr: {
      missing: "Cet entraînement n’existe pas, ou appartient à un autre espace de travail.",
      all: "Tous les entraînements",
    },
  },
);

export function MissingRun() {
  const t = useWords(texts);
  return (
    <div className={styles.page}>
      <Empty>{t.missing}</Empty>
      <p>
        <Link href="/">{t.all}</Link>
      </p>
    </div>
  );
}
