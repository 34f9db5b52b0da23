import { memo } from "react";
import { useWords } from "../i18n/words";
import styles from "./LogRow.module.css";
import { isGap, type Line, pieces } from "./logLines";
import { levelWords } from "./logWords";

interface Props {
  line: Line;
  wanted: RegExp | null;
  isCurrent: boolean;
}

/** One line: its level in words, and its message as plain text. */
export const LogRow = memo(function LogRow({ line, wanted, isCurrent }: Props) {
  const t = useWords(levelWords);
  const levelClass = isGap(line) ? styles.gap : styles[line.level];
  return (
    <div className={`${styles.row} ${levelClass}`} aria-current={isCurrent || undefined}>
      <span className={styles.level}>{t[line.level]}</span>
      {/* Isolated direction: a line must not reorder the text beside it. */}
      <bdi>
        {pieces(line.message, wanted).map(({ text, isMatch }, index) =>
          isMatch ? (
            // Pieces are identified only by their position.
            <mark key={index} className={styles.match}>
              {text}
            </mark>
          ) : (
            text
          ),
        )}
      </bdi>
    </div>
  );
});
