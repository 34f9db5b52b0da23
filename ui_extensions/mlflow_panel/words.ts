// The panel's texts in English and French; the language chosen in the dashboard applies here too.

import type { Action } from "../live/controls";
import { withIsolation } from "../live/bidi";
import { choiceOf, type Language } from "../live/languageChoice";
import type { AlertLevel } from "../live/schemas";
import { SILENT_WORDS, STATUS_WORDS } from "../live/statusAppearance";

const en = {
  panel: "Fovea: this run, live",
  status: STATUS_WORDS.en,
  silent: SILENT_WORDS.en.silent,
  deleted: "Deleted",
  lastKnown: (status: string) => `Last known: ${status}`,
  level: { critical: "Critical", warning: "Warning" } as Record<AlertLevel, string>,
  details: "Progress, alerts and control",
  move: "Move the panel: drag it, use the arrow keys, or press for the next corner",

  progress: "Progress",
  epoch: (epoch: string, total: string) => `Epoch ${epoch}${total && ` of ${total}`}`,
  step: (step: string) => `step ${step}`,
  left: (time: string) => `about ${time} left`,

  alerts: "Open alerts",
  numAlerts: (count: number, shown: string) => (count === 1 ? "1 alert" : `${shown} alerts`),
  moreAlerts: (count: string) => `${count} more in the dashboard`,
  seenBy: (who: string) => `Acknowledged by ${who}`,
  mark: (status: string, level: string | null) =>
    level === null ? `${status}: ` : `${status}, ${level.toLowerCase()} alert: `,
  newAlert: (condition: string, message: string) => `Critical alert: ${condition}. ${message}`,

  control: "Control this run",
  command: { pause: "Pause", resume: "Resume", stop: "Stop" } as Record<Action, string>,
  pauseText: "All ranks stop after the same step.",
  hold: "Hold",
  holdText: "keeps the accelerators and resumes within one step",
  release: "Release",
  releaseText: "saves, exits and releases the accelerators",
  stopText:
    "The run finishes its step, saves, and ends as KILLED with all its metrics. It cannot be resumed.",
  stopYes: "Stop the run",
  cancel: "Cancel",
  sent: (command: string) => `${command}: sent; waiting for every rank to acknowledge…`,
  done: (command: string) => `${command}: acknowledged by every rank.`,
  unanswered: (command: string) =>
    `${command}: not acknowledged yet; the command remains in force.`,
  failed: (command: string) => `${command}: failed.`,
  forbidden: (command: string) => `${command}: you are not allowed to do that.`,
  unreachable: (command: string) =>
    `${command}: the server did not answer. It may or may not have accepted the command.`,
  dismiss: "Close this message",
  whyDeleted: "the run is deleted",
  whyForbidden: "you are not allowed to",
  whyPending: "this command is in progress",
  whyStatus: (status: string) => `not possible while the run is: ${status}`,

  live: "Live",
  connecting: "Connecting…",
  lost: (since: string) => `Not live since ${since}`,
  refused: "Not live: the server refuses this page",
  dashboard: "Open in the dashboard",
};

export type Words = typeof en;

const fr: Words = {
  panel: "Fovea\u00a0: cet entraînement, en direct",
  status: STATUS_WORDS.fr,
  silent: SILENT_WORDS.fr.silent,
  deleted: "Supprimé",
  lastKnown: (status) => `Dernier état connu\u00a0: ${status}`,
  level: { critical: "Critique", warning: "Avertissement" },
  details: "Progression, alertes et commandes",
  move: "Déplacer le panneau\u00a0: faites-le glisser, utilisez les flèches, ou pressez pour le coin suivant",

  progress: "Progression",
  epoch: (epoch, total) => `Époque ${epoch}${total && ` sur ${total}`}`,
  step: (step) => `pas ${step}`,
  left: (time) => `encore ${time} environ`,

  alerts: "Alertes ouvertes",
  numAlerts: (count, shown) => (count === 1 ? "1 alerte" : `${shown} alertes`),
  moreAlerts: (count) => `${count} de plus dans le tableau de bord`,
  seenBy: (who) => `Acquittée par ${who}`,
  mark: (status, level) =>
    level === null ? `${status}\u00a0: ` : `${status}, alerte (${level.toLowerCase()})\u00a0: `,
  newAlert: (condition, message) => `Alerte critique\u00a0: ${condition}. ${message}`,

  control: "Commander cet entraînement",
  command: { pause: "Mettre en pause", resume: "Reprendre", stop: "Arrêter" },
  pauseText: "Tous les rangs s’arrêtent après le même pas.",
  hold: "Garder",
  holdText: "conserve les accélérateurs, et repart en un pas",
  release: "Libérer",
  releaseText: "sauvegarde, quitte, et rend les accélérateurs",
  stopText:
    "L’entraînement finit son pas, sauvegarde, et se termine comme KILLED avec toutes ses métriques. Il ne pourra pas être repris.",
  stopYes: "Arrêter l’entraînement",
  cancel: "Annuler",
  sent: (command) =>
    `${command}\u00a0: transmis\u00a0; en attente de la confirmation de tous les rangs…`,
  done: (command) => `${command}\u00a0: confirmé par tous les rangs.`,
  unanswered: (command) =>
    `${command}\u00a0: pas encore confirmé, mais la commande reste en vigueur.`,
  failed: (command) => `${command}\u00a0: échec.`,
  forbidden: (command) => `${command}\u00a0: vous n’y êtes pas autorisé.`,
  unreachable: (command) =>
    `${command}\u00a0: le serveur n’a pas répondu. Il a peut-être accepté la commande.`,
  dismiss: "Fermer ce message",
  whyDeleted: "l’entraînement est supprimé",
  whyForbidden: "vous n’y êtes pas autorisé",
  whyPending: "cette commande est en cours",
  whyStatus: (status) => `impossible dans l’état\u00a0: ${status}`,

  live: "En direct",
  connecting: "Connexion…",
  lost: (since) => `Pas en direct depuis ${since}`,
  refused: "Pas en direct\u00a0: le serveur refuse cette page",
  dashboard: "Ouvrir dans le tableau de bord",
};

const LANGUAGES: Readonly<Record<Language, Words>> = {
  en: withIsolation(en),
  fr: withIsolation(fr),
};
/** Key under which the dashboard stores the chosen language. */
export const LANGUAGE_KEY = "fovea.language";

export interface Reader {
  words: Words;
  language: Language;
  /** For numbers and times: the user's own region if it has that language. */
  locale: string;
}

export function readerOf(chosen: string | null, wanted: readonly string[]): Reader {
  const { language, locale } = choiceOf(chosen, wanted);
  return { words: LANGUAGES[language], language, locale };
}
