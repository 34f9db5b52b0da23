// The service's constants in the language of the page; a constant that is not known here stays as it is.

import { words } from "../i18n/words";

export const sideTexts = words(
  { right: "Right eye", left: "Left eye", unknown: "Side unknown" },
  { fr: { right: "Œil droit", left: "Œil gauche", unknown: "Côté inconnu" } },
);

export const sideSourceTexts = words(
  {
    request: "as stated here",
    tag: "from the file’s own tag",
    file_name: "from the file name",
    unknown: "",
  },
  {
    fr: {
      request: "selon votre indication",
      tag: "selon l’étiquette du fichier",
      file_name: "selon le nom du fichier",
      unknown: "",
    },
  },
);

export const constantTexts = words(
  {
    fundus: "fundus photograph",
    oct: "OCT scan",
    other: "neither fundus nor OCT",
    unknown: "unknown",
    blur: "blurred",
    underexposed: "too dark",
    overexposed: "too bright",
    field: "field of view incomplete",
    artefact: "artefact",
    too_small: "too few pixels",
    model: "a model",
    classical_measures: "measures of the picture, not a model",
    low: "low",
    moderate: "moderate",
    high: "high",
    critical: "critical",
    mild: "mild",
    severe: "severe",
    class: "from the class",
    heat_map: "from the heat map",
    segmentation: "from the masks",
    mahalanobis: "Mahalanobis distance",
  },
  {
    fr: {
      fundus: "photographie du fond d’œil",
      oct: "coupe OCT",
      other: "ni fond d’œil ni OCT",
      unknown: "inconnu",
      blur: "floue",
      underexposed: "trop sombre",
      overexposed: "trop claire",
      field: "champ incomplet",
      artefact: "artefact",
      too_small: "trop peu de pixels",
      model: "un modèle",
      classical_measures: "des mesures de l’image, sans modèle",
      low: "faible",
      moderate: "modéré",
      high: "élevé",
      critical: "critique",
      mild: "léger",
      severe: "sévère",
      class: "d’après la classe",
      heat_map: "d’après la carte de chaleur",
      segmentation: "d’après les masques",
      mahalanobis: "distance de Mahalanobis",
    },
  },
);

type Constants = (typeof constantTexts)["en"];

export function inWords(t: Constants, constant: string): string {
  return Object.hasOwn(t, constant) ? t[constant as keyof Constants] : constant.replace(/_/g, " ");
}
