import { useWords, words } from "../i18n/words";
import { Section } from "../ui/Section";
import { useOnScreen } from "../ui/useOnScreen";
import styles from "./Machine.module.css";
import { ServerMachine } from "./ServerMachine";
import { TrainingMachine } from "./TrainingMachine";

const texts = words(
  {
    title: "Machines",
    same: "If the run trains on the server’s own machine, both are the same one.",
  },
  {
    fr: {
      title: "Machines",
      same: "Si l’entraînement tourne sur la machine du serveur, les deux sont la même.",
    },
  },
);

/** How busy the machine that trains is, and the one that this page comes from. */
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
