import { useState } from "react";
import type { ProjectDetail } from "../../../../live/schemas";
import { useWords, words } from "../../i18n/words";
import { rest } from "../../live/session";
import { FormField } from "../../runs/FormField";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { ErrorNote } from "../../ui/ErrorNote";
import { shortName } from "../../ui/shortName";
import { useAction } from "../../ui/useAction";

const texts = words(
  {
    title: (column: string) => `Use ${column} nevertheless?`,
    what: "The pipeline starts again as a new run and trains on this column. Who decided that, and why, stays with the project. The result will look better than the model is if the column is not known for new rows.",
    who: "Who decides that",
    why: "Why the column is known for new rows",
    missing: "Say who decides it, and why",
    cancel: "Cancel",
    yes: "Use it and start again",
  },
  {
    fr: {
      title: (column) => `Utiliser ${column} malgré tout ?`,
      what: "Le pipeline recommence dans un nouveau run et apprend aussi de cette colonne. Qui l’a décidé, et pourquoi, reste avec le projet. Si la colonne n’est pas connue pour de nouvelles lignes, le résultat paraîtra meilleur que le modèle.",
      who: "Qui le décide",
      why: "Pourquoi la colonne est connue pour de nouvelles lignes",
      missing: "Dites qui le décide, et pourquoi",
      cancel: "Annuler",
      yes: "L’utiliser et recommencer",
    },
  },
);

/** The server's limits. */
const WHO_CHARS = 250;
const WHY_CHARS = 1_000;
/** The earlier run is stopped first. */
const DEADLINE_MS = 180_000;

interface Props {
  projectId: string;
  column: string;
  onClose(): void;
  onDone(): void;
}

export function OverrideDialog({ projectId, column, onClose, onDone }: Props) {
  const t = useWords(texts);
  const [who, setWho] = useState("");
  const [reason, setReason] = useState("");
  const { isBusy, error, run } = useAction();
  const isMissing = who.trim() === "" || reason.trim() === "";
  const send = () => {
    const path = `api/v1/projects/${encodeURIComponent(projectId)}/override`;
    run(() => rest.post<ProjectDetail>(path, {}, { column, reason, who }, DEADLINE_MS), onDone);
  };
  return (
    <Dialog title={t.title(shortName(column))} onClose={onClose}>
      <p>{t.what}</p>
      <FormField label={t.who}>
        {(attributes) => (
          <input
            {...attributes}
            type="text"
            maxLength={WHO_CHARS}
            value={who}
            onChange={(event) => setWho(event.target.value)}
          />
        )}
      </FormField>
      <FormField label={t.why}>
        {(attributes) => (
          <textarea
            {...attributes}
            rows={3}
            maxLength={WHY_CHARS}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        )}
      </FormField>
      {error && <ErrorNote error={error} />}
      <DialogActions>
        <Button onClick={onClose}>{t.cancel}</Button>
        <Button
          variant="primary"
          isBusy={isBusy}
          whyNot={isMissing ? t.missing : undefined}
          onClick={send}
        >
          {t.yes}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
