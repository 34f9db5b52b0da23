import { type DragEvent, useId, useRef, useState } from "react";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import styles from "./DropZone.module.css";

const texts = words(
  {
    drop: "Drop images here",
    choose: "Choose images…",
    kinds: "Fundus photographs and OCT, as DICOM, PNG, JPEG, TIFF or WebP. All are of one patient.",
  },
  {
    fr: {
      drop: "Déposez les images ici",
      choose: "Choisir des images…",
      kinds:
        "Photographies du fond d’œil et OCT, en DICOM, PNG, JPEG, TIFF ou WebP. Toutes sont d’un seul patient.",
    },
  },
);

/** Takes files by drag and drop, or from the browser's own dialog. */
export function DropZone({ onFiles }: { onFiles(files: readonly File[]): void }) {
  const t = useWords(texts);
  const input = useRef<HTMLInputElement>(null);
  const kindsId = useId();
  const [isOver, setIsOver] = useState(false);
  const over = (event: DragEvent, is: boolean) => {
    event.preventDefault();
    setIsOver(is);
  };
  return (
    <div
      className={styles.zone}
      data-over={isOver || undefined}
      onDragEnter={(event) => over(event, true)}
      onDragOver={(event) => over(event, true)}
      onDragLeave={(event) => over(event, false)}
      onDrop={(event) => {
        over(event, false);
        onFiles([...event.dataTransfer.files]);
      }}
    >
      <p className={styles.drop} aria-hidden="true">
        {t.drop}
      </p>
      <Button aria-describedby={kindsId} onClick={() => input.current?.click()}>
        {t.choose}
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={t.choose}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          // The same file may be chosen again after it was removed.
          event.target.value = "";
        }}
      />
      <p id={kindsId} className={styles.kinds}>
        {t.kinds}
      </p>
    </div>
  );
}
