import { useWords, words } from "../i18n/words";
import { Section } from "../ui/Section";
import { useOnScreen } from "../ui/useOnScreen";
import styles from "./Machine.module.css";
import { ServerMachine } from "./ServerMachine";
import { TrainingMachine } from "./TrainingMachine";

const texts = words(
  {
    title: "Machines",
    same: "Both are the same machine if the run trains on the server.",
  },
  {
    fr: {
      title: "Machines",
      same: "Les deux sont la même machine si l’entraînement tourne sur le serveur.",
    },
  },
);

/** The load of the training machine and of the server's machine. */
export function Machine({ runId }: { runId: string }) {
  const t = useWords(texts);
  const [element, isVisible] = useOnScreen<HTMLDivElement>();
  return (
    <Section title={t.title}>
      <div ref={element} className={styles.machines}>
        <TrainingMachine runId={runId} isVisible={isVisible} />
        <ServerMachine isVisible={isVisible} />
      </div>
      <p className={styles.note}>{t.same}</p>
    </Section>
  );
}
