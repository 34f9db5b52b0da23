import { useState } from "react";
import type { Action } from "../../../live/controls";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import styles from "./ConfirmCommand.module.css";

const texts = words(
  {
    cancel: "Cancel",
    pauseTitle: "Pause this run?",
    pauseText: "All ranks stop after the same step.",
    hold: "Hold: keep the accelerators and resume within one step",
    release: "Release: save a checkpoint, exit and release the accelerators",
    pauseYes: "Pause",
    resumeTitle: "Resume this run?",
    resumeText: "The run continues from the exact step at which it was paused.",
    resumeYes: "Resume",
    stopTitle: "Stop this run?",
    stopText:
      "The run finishes its step, saves, and ends as KILLED in MLflow with all its metrics. It cannot be resumed.",
    stopYes: "Stop",
  },
  {
    fr: {
      cancel: "Annuler",
      pauseTitle: "Mettre cet entraînement en pause ?",
      pauseText: "Tous les rangs s’arrêtent après le même pas.",
      hold: "Garder : conserver les accélérateurs, et repartir en un pas",
      release: "Libérer : sauvegarder, quitter, et rendre les accélérateurs",
      pauseYes: "Mettre en pause",
      resumeTitle: "Reprendre cet entraînement ?",
      resumeText: "L’entraînement reprend exactement au pas où il a été mis en pause.",
      resumeYes: "Reprendre",
      stopTitle: "Arrêter cet entraînement ?",
      stopText:
        "L’entraînement finit son pas, sauvegarde, et se termine comme KILLED dans MLflow avec toutes ses métriques. Il ne pourra pas être repris.",
      stopYes: "Arrêter",
    },
  },
);

interface Props {
  action: Action;
  onCancel(): void;
  onConfirm(release: boolean): void;
}

export function ConfirmCommand({ action, onCancel, onConfirm }: Props) {
  const t = useWords(texts);
  const [release, setRelease] = useState(false);
  return (
    <Dialog title={t[`${action}Title`]} onClose={onCancel}>
      <p>{t[`${action}Text`]}</p>
      {action === "pause" && (
        <fieldset className={styles.choice}>
          <label>
            <input
              type="radio"
              name="release"
              checked={!release}
              onChange={() => setRelease(false)}
            />
            {t.hold}
          </label>
          <label>
            <input
              type="radio"
              name="release"
              checked={release}
              onChange={() => setRelease(true)}
            />
            {t.release}
          </label>
        </fieldset>
      )}
      <DialogActions>
        <Button onClick={onCancel}>{t.cancel}</Button>
        <Button
          variant={action === "stop" ? "danger" : "primary"}
          onClick={() => onConfirm(release)}
          autoFocus={action !== "stop"}
        >
          {t[`${action}Yes`]}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
