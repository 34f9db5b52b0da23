import type { DiagnosisResult } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { runHref } from "../ui/hashLocation";
import styles from "./Limits.module.css";

const texts = words(
  {
    use: "Intended use",
    limits: "What was not shown of this model",
    model: "Model",
    version: (name: string, version: string) => `${name}, version ${version}`,
    run: "its training",
    time: "Time",
  },
  {
    fr: {
      use: "Usage prévu",
      limits: "Ce qui n’a pas été montré de ce modèle",
      model: "Modèle",
      version: (name, version) => `${name}, version ${version}`,
      run: "son entraînement",
      time: "Durée",
    },
  },
);

/** What the result may be used for, what was not shown of the model, and which model it is. */
export function Limits({ result }: { result: DiagnosisResult }) {
  const t = useWords(texts);
  const { metric } = useFormats();
  const { model, limitations } = result;
  return (
    <dl className={styles.limits}>
      {result.intended_use && (
        <div>
          <dt>{t.use}</dt>
          <dd lang="en">{result.intended_use}</dd>
        </div>
      )}
      {limitations.length > 0 && (
        <div>
          <dt>{t.limits}</dt>
          <dd>
            <ul className={styles.list} lang="en">
              {limitations.map((each) => (
                <li key={each}>{each}</li>
              ))}
            </ul>
          </dd>
        </div>
      )}
      <div>
        <dt>{t.model}</dt>
        <dd>
          {model ? t.version(model.name, model.version) : result.model_used}
          {model?.run_id && (
            <>
              {" "}
              (<a href={runHref(model.run_id)}>{t.run}</a>)
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>{t.time}</dt>
        <dd>{metric(Number(result.processing_time.toPrecision(2)))} s</dd>
      </div>
    </dl>
  );
}
