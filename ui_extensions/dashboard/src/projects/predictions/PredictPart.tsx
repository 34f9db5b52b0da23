import type { ProjectDetail } from "../../../../live/schemas";
import { useWords, words } from "../../i18n/words";
import { Empty, Section } from "../../ui/Section";
import { FilePrediction } from "./FilePrediction";
import styles from "./PredictPart.module.css";
import { RowForm } from "./RowForm";
import { useModelInputs } from "./useModelInputs";

const texts = words(
  {
    row: "Predict one row",
    file: "Predict a file",
    loading: "Looking up the columns of the model…",
    model: (model: string) => `Model: ${model}`,
  },
  {
    fr: {
      row: "Prédire une ligne",
      file: "Prédire un fichier",
      loading: "Recherche des colonnes du modèle…",
      model: (model) => `Modèle : ${model}`,
    },
  },
);

/** Predictions by the model that the project has registered. */
export function PredictPart({ detail }: { detail: ProjectDetail }) {
  const t = useWords(texts);
  const { inputs } = useModelInputs(detail);
  return (
    <div className={styles.parts}>
      <p className={styles.model}>{t.model(detail.best_model_id ?? "")}</p>
      <Section title={t.row}>
        {inputs ? (
          <RowForm projectId={detail.project_id} inputs={inputs} />
        ) : (
          <Empty>{t.loading}</Empty>
        )}
      </Section>
      <Section title={t.file}>
        <FilePrediction detail={detail} />
      </Section>
    </div>
  );
}
