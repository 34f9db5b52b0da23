import { type FormEvent, useState } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { Button } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { Empty } from "../../ui/Section";
import { useAction } from "../../ui/useAction";
import styles from "./Details.module.css";
import { NOTE_CHANGED, storeNote } from "./requests";
import { MAX_NOTE_CHARS } from "./storedRun";

const texts = words(
  {
    note: "Note",
    edit: "Edit the note",
    save: "Save",
    cancel: "Cancel",
    none: "No note yet. MLflow shows the same note as the run’s description.",
    deleted: "The run is deleted: restore it first",
    changed: "Somebody has changed the note meanwhile. Saving again replaces what it says now:",
    count: (now: string, most: string) => `${now} of ${most} characters`,
  },
  {
    fr: {
      note: "Note",
      edit: "Modifier la note",
      save: "Enregistrer",
      cancel: "Annuler",
      none: "Pas encore de note. MLflow montre la même note comme description.",
      deleted: "L’entraînement est supprimé : restaurez-le d’abord",
      changed:
        "Quelqu’un a modifié la note entre-temps. Enregistrer à nouveau remplace ce qu’elle dit maintenant :",
      count: (now, most) => `${now} caractères sur ${most}`,
    },
  },
);

interface Props {
  runId: string;
  note: string;
  isDeleted: boolean;
  onStored(): void;
}

/** The note as text: markdown of strangers is not rendered. */
export function Note({ runId, note, isDeleted, onStored }: Props) {
  const t = useWords(texts);
  const [isEditing, setIsEditing] = useState(false);
  return (
    <div className={styles.whole}>
      <div className={styles.head}>
        <h3>{t.note}</h3>
        {!isEditing && (
          <Button whyNot={isDeleted ? t.deleted : undefined} onClick={() => setIsEditing(true)}>
            {t.edit}
          </Button>
        )}
      </div>
      {isEditing ? (
        <NoteEditor
          runId={runId}
          note={note}
          onEnd={(isStored) => {
            setIsEditing(false);
            if (isStored) {
              onStored();
            }
          }}
        />
      ) : note === "" ? (
        <Empty>{t.none}</Empty>
      ) : (
        <p className={styles.note} dir="auto" role="region" aria-label={t.note} tabIndex={0}>
          {note}
        </p>
      )}
    </div>
  );
}

interface EditorProps {
  runId: string;
  note: string;
  onEnd(isStored: boolean): void;
}

function NoteEditor({ runId, note, onEnd }: EditorProps) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [text, setText] = useState(note);
  const [first] = useState(note);
  const { isBusy, error, run } = useAction();
  const isChanged = error?.code === NOTE_CHANGED;
  const save = (event: FormEvent) => {
    event.preventDefault();
    const before = isChanged ? error.message : first;
    run(
      () => storeNote(runId, before, text),
      () => onEnd(true),
    );
  };
  return (
    <form className={styles.editor} onSubmit={save}>
      <textarea
        aria-label={t.note}
        dir="auto"
        value={text}
        maxLength={MAX_NOTE_CHARS}
        // The button that opened the editor is gone.
        autoFocus
        onChange={(event) => setText(event.target.value)}
      />
      <small>{t.count(whole(text.length), whole(MAX_NOTE_CHARS))}</small>
      {isChanged && (
        <div role="alert" className={styles.changed}>
          <p>{t.changed}</p>
          <p className={styles.note}>{error.message}</p>
        </div>
      )}
      {error && !isChanged && <ErrorNote error={error} />}
      <div className={styles.actions}>
        <Button type="submit" variant="primary" isBusy={isBusy}>
          {t.save}
        </Button>
        <Button onClick={() => onEnd(false)}>{t.cancel}</Button>
      </div>
    </form>
  );
}
