import { type DragEvent, useId, useRef, useState } from "react";
import { Button } from "./Button";
import styles from "./DropZone.module.css";

interface Props {
  /** Says what can be dropped here. */
  drop: string;
  /** The name of the button that opens the browser's own dialog. */
  choose: string;
  /** Which files are taken. */
  kinds: string;
  isSingle?: boolean;
  onFiles(files: readonly File[]): void;
}

/** Takes files by drag and drop, or from the browser's own dialog. */
export function DropZone({ drop, choose, kinds, isSingle = false, onFiles }: Props) {
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
        {drop}
      </p>
      <Button aria-describedby={kindsId} onClick={() => input.current?.click()}>
        {choose}
      </Button>
      <input
        ref={input}
        type="file"
        multiple={!isSingle}
        hidden
        aria-label={choose}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          // The same file may be chosen again after it was removed.
          event.target.value = "";
        }}
      />
      <p id={kindsId} className={styles.kinds}>
        {kinds}
      </p>
    </div>
  );
}
