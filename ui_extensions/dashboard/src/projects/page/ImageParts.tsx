import { Link } from "wouter";
import type { ProjectDetail } from "../../../../live/schemas";
import { useWords, words } from "../../i18n/words";
import { runPath } from "../../ui/hashLocation";
import { Empty } from "../../ui/Section";

const texts = words(
  {
    result:
      "A model of images is evaluated after each epoch, on images that it was not trained on.",
    run: "See the evaluations of its run",
    predict: (model: string) =>
      `The diagnosis service answers for images, once it serves this model: start it with --model ${model}.`,
    diagnose: "Diagnose an image",
    noModel: "Images can be diagnosed once the training has registered a model.",
  },
  {
    fr: {
      result:
        "Un modèle d’images est évalué après chaque époque, sur des images dont il n’a pas appris.",
      run: "Voir les évaluations de son exécution",
      predict: (model) =>
        `Le service de diagnostic répond pour des images dès qu’il sert ce modèle : démarrez-le avec --model ${model}.`,
      diagnose: "Diagnostiquer une image",
      noModel:
        "Des images peuvent être diagnostiquées une fois que l’entraînement a enregistré un modèle.",
    },
  },
);

/** Where the evaluation of a project of images is: on the page of its run. */
export function ImageResult({ detail }: { detail: ProjectDetail }) {
  const t = useWords(texts);
  return (
    <Empty>
      {t.result} {detail.run_id && <Link href={runPath(detail.run_id)}>{t.run}</Link>}
    </Empty>
  );
}

/** How images are diagnosed with the model of a project. */
export function ImagePrediction({ detail }: { detail: ProjectDetail }) {
  const t = useWords(texts);
  const model = detail.endpoint_id?.replace(/\/[^/]*$/, "");
  if (!model) {
    return <Empty>{t.noModel}</Empty>;
  }
  return (
    <Empty>
      {t.predict(model)} <Link href="/diagnose">{t.diagnose}</Link>
    </Empty>
  );
}
