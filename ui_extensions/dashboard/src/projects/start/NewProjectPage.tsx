import { useWords, words } from "../../i18n/words";
import { goTo } from "../../ui/hashLocation";
import { Section } from "../../ui/Section";
import { usePageTitle } from "../../ui/usePageTitle";
import { projectPath } from "../projectPath";
import { NewProjectForm } from "./NewProjectForm";
import styles from "./NewProjectPage.module.css";

const texts = words(
  {
    title: "New project",
    file: "File",
    steps: "What happens then",
    understand:
      "The server says what it understood: types, what is predicted, which rows belong together.",
    ask: "Where two readings are likely, it asks instead of guessing.",
    learn:
      "It looks for columns that give the answer away, compares models, and measures the best one on rows that it has not seen.",
  },
  {
    fr: {
      title: "Nouveau projet",
      file: "Fichier",
      steps: "Ce qui se passe ensuite",
      understand:
        "Le serveur dit ce qu’il a compris : les types, ce qui est prédit, quelles lignes vont ensemble.",
      ask: "Si deux lectures sont possibles, il demande au lieu de deviner.",
      learn:
        "Il cherche les colonnes qui trahissent la réponse, compare des modèles, et mesure le meilleur sur des lignes qu’il n’a pas vues.",
    },
  },
);

export function NewProjectPage() {
  const t = useWords(texts);
  usePageTitle(t.title);
  // Back leads to the list, not to a form that would send the file again.
  const open = (projectId: string) => goTo(projectPath(projectId), { replace: true });
  return (
    <div className={styles.page}>
      <h1>{t.title}</h1>
      <div className={styles.parts}>
        <Section title={t.file}>
          <NewProjectForm onMade={open} />
        </Section>
        <Section title={t.steps}>
          <ol className={styles.steps}>
            <li>{t.understand}</li>
            <li>{t.ask}</li>
            <li>{t.learn}</li>
          </ol>
        </Section>
      </div>
    </div>
  );
}
