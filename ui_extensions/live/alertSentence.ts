// The sentences of an alert in the language of the page, from the server's codes.

import { isolated, withIsolation } from "./bidi";
import type { Formats } from "./formatting";
import type { Language } from "./languageChoice";
import type { CriticalAlert } from "./schemas";

export interface Sentence {
  text: string;
  /** "en" for a text in the words of the server or of a rules file; else the language of the page. */
  language: "en" | Language;
}

type MessageCode = CriticalAlert["message_code"];
type RecommendationCode = NonNullable<CriticalAlert["recommendation_code"]>;

interface Values {
  metric: string;
  value: string;
  step: string;
  threshold: string;
}

interface Texts {
  message: Record<MessageCode, (values: Values) => string>;
  evidence: (cases: string, low: string, high: string) => string;
  recommendation: Record<RecommendationCode, (condition: string) => string>;
}

const en: Texts = {
  message: {
    below: ({ metric, value, step, threshold }) =>
      `${metric} is ${value} at step ${step}, below ${threshold}`,
    above: ({ metric, value, step, threshold }) =>
      `${metric} is ${value} at step ${step}, above ${threshold}`,
    still_at: ({ metric, value, step, threshold }) =>
      `${metric} is ${value} at step ${step}, still at ${threshold}`,
    measured: ({ metric, value, step }) => `${metric} is ${value} at step ${step}`,
    no_longer: ({ metric, value, step }) =>
      `${metric} is ${value} at step ${step}: no longer an alert`,
    silent: ({ value, step }) =>
      `The run has shown no sign of life for ${value}, since step ${step}`,
    no_longer_silent: () => "The run shows signs of life again, or has ended",
  },
  evidence: (cases, low, high) => ` (${cases} cases, 95% interval ${low} to ${high})`,
  recommendation: {
    loss_not_finite: () =>
      "Stop the run and resume from the last checkpoint with a lower learning rate",
    loss_spike: () => "Check the batches around this step, and the learning rate",
    loss_plateau: () => "The loss no longer improves: stop the run, or lower the learning rate",
    data_starvation: () =>
      "The device waits for data: use more loader workers, a faster disk or smaller images",
    gpu_too_hot: () => "Check the cooling: a GPU that is too hot reduces its speed",
    throughput_drop: () =>
      "Check for another process on the machine, a slow disk or a slow network",
    run_silent: () => "Check that its process, its machine and the network to it are still there",
    missed_condition: (condition) =>
      `Do not use this model where a missed ${condition} would do harm`,
  },
};

const fr: Texts = {
  message: {
    below: ({ metric, value, step, threshold }) =>
      `${metric} vaut ${value} au pas ${step}, en dessous de ${threshold}`,
    above: ({ metric, value, step, threshold }) =>
      `${metric} vaut ${value} au pas ${step}, au-dessus de ${threshold}`,
    still_at: ({ metric, value, step, threshold }) =>
      `${metric} vaut ${value} au pas ${step}, toujours à ${threshold}`,
    measured: ({ metric, value, step }) => `${metric} vaut ${value} au pas ${step}`,
    no_longer: ({ metric, value, step }) =>
      `${metric} vaut ${value} au pas ${step}\u00a0: ce n’est plus une alerte`,
    silent: ({ value, step }) =>
      `L’entraînement n’a donné aucun signe de vie pendant ${value}, depuis le pas ${step}`,
    no_longer_silent: () => "L’entraînement redonne signe de vie, ou s’est terminé",
  },
  evidence: (cases, low, high) => ` (${cases} cas, intervalle à 95\u00a0% de ${low} à ${high})`,
  recommendation: {
    loss_not_finite: () =>
      "Arrêtez l’entraînement et reprenez au dernier point de sauvegarde avec un taux d’apprentissage plus faible",
    loss_spike: () => "Vérifiez les lots autour de ce pas, et le taux d’apprentissage",
    loss_plateau: () =>
      "La perte ne s’améliore plus\u00a0: arrêtez l’entraînement, ou baissez le taux d’apprentissage",
    data_starvation: () =>
      "L’accélérateur attend les données\u00a0: utilisez plus de processus de chargement, un disque plus rapide ou des images plus petites",
    gpu_too_hot: () => "Vérifiez le refroidissement\u00a0: un GPU trop chaud réduit sa vitesse",
    throughput_drop: () =>
      "Cherchez un autre processus sur la machine, un disque lent ou un réseau lent",
    run_silent: () =>
      "Vérifiez que son processus, sa machine et le réseau qui y mène sont toujours là",
    missed_condition: (condition) =>
      `N’utilisez pas ce modèle là où un cas de ${condition} manqué serait dangereux`,
  },
};

const TEXTS: Record<Language, Texts> = { en, fr };

export function alertMessage(alert: CriticalAlert, language: Language, formats: Formats): Sentence {
  const { message, evidence } = TEXTS[language];
  const code = alert.message_code;
  // A server of another version may know other codes.
  if (!Object.hasOwn(message, code)) {
    return { text: alert.message, language: "en" };
  }
  const isSilence = code === "silent";
  const number = (value: number | null): string =>
    isSilence ? formats.duration(value) : formats.metric(value);
  const values = {
    metric: isolated(alert.metric),
    value: alert.not_finite
      ? formats.metric(Number(alert.not_finite))
      : number(alert.current_value),
    step: formats.whole(alert.step),
    threshold: number(alert.threshold),
  };
  return { text: `${message[code](values)}${evidenceOf(alert, evidence, formats)}`, language };
}

function evidenceOf(
  { support, confidence_interval: interval }: CriticalAlert,
  evidence: Texts["evidence"],
  formats: Formats,
): string {
  return interval === null
    ? ""
    : evidence(formats.whole(support), formats.metric(interval[0]), formats.metric(interval[1]));
}

/** Null without a recommendation. */
export function alertRecommendation(alert: CriticalAlert, language: Language): Sentence | null {
  if (alert.recommendation === null) {
    return null;
  }
  const texts = withIsolation(TEXTS[language].recommendation);
  const code = alert.recommendation_code;
  return code === null || !Object.hasOwn(texts, code)
    ? { text: alert.recommendation, language: "en" }
    : { text: texts[code](alert.condition), language };
}
