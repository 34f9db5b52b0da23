import type { Tone } from "../../../live/statusAppearance";
import { useWords, words } from "../i18n/words";
import styles from "./Legend.module.css";
import { SKY_COLOURS } from "./palette";

const texts = words(
  {
    title: "What the sky shows",
    info: "runs",
    ok: "ready",
    warning: "has a question or pauses",
    critical: "failed",
    stale: "stopped",
    colour: "Colour is the status:",
    size: "A larger star has more rows: each size step is ten times as many.",
    ring: "The ring of a star that runs has its eight stages, clockwise from the top; the present one glows.",
    planets:
      "Planets are runs: large ones are pipelines, small ones the models that were compared. Pipelines are nearest the star; after them, the nearer a model, the better its score.",
    place: "The oldest project is in the middle.",
  },
  {
    fr: {
      title: "Ce que montre le ciel",
      info: "en cours",
      ok: "prêt",
      warning: "pose une question ou en pause",
      critical: "échoué",
      stale: "arrêté",
      colour: "La couleur est l’état :",
      size: "Une étoile plus grande a plus de lignes : chaque pas de taille en compte dix fois plus.",
      ring: "L’anneau d’une étoile en cours a ses huit étapes, dans le sens horaire depuis le haut ; l’étape présente luit.",
      planets:
        "Les planètes sont des entraînements : les grandes sont des pipelines, les petites les modèles comparés. Les pipelines sont les plus proches de l’étoile ; ensuite, plus un modèle est proche, meilleur est son score.",
      place: "Le projet le plus ancien est au milieu.",
    },
  },
);

const TONES: readonly [Tone, string][] = [
  ["info", "▶"],
  ["ok", "✓"],
  ["warning", "?"],
  ["critical", "✖"],
  ["stale", "■"],
];

export function Legend() {
  const t = useWords(texts);
  return (
    <details className={styles.legend} open>
      <summary>{t.title}</summary>
      <ul>
        <li>
          {t.colour}{" "}
          {TONES.map(([tone, sign]) => (
            <span key={tone} className={styles.tone}>
              <svg width="12" height="12" aria-hidden="true">
                <circle cx="6" cy="6" r="5" fill={SKY_COLOURS[tone]} />
              </svg>
              <span aria-hidden="true">{sign}</span> {t[tone]}
            </span>
          ))}
        </li>
        <li>{t.size}</li>
        <li>{t.ring}</li>
        <li>{t.planets}</li>
        <li>{t.place}</li>
      </ul>
    </details>
  );
}
