import { type ReactNode, useState } from "react";
import { closed } from "../../../live/bidi";
import { useWords, words } from "../i18n/words";
import { Button } from "./Button";
import styles from "./LongText.module.css";

const texts = words(
  { all: "Show all", less: "Show less" },
  { fr: { all: "Tout afficher", less: "Réduire" } },
);

/** A shorter text has no more than two lines. */
const LONG_CHARS = 80;

interface Props {
  text: string;
  /** What is around the text, for instance a link. */
  wrap?: (text: ReactNode) => ReactNode;
}

/** A text that others have chosen, such as a run's name: at most two lines high, all of it on demand. */
export function LongText({ text, wrap = (shown) => shown }: Props) {
  const t = useWords(texts);
  const [isWhole, setIsWhole] = useState(false);
  if (text.length <= LONG_CHARS) {
    return wrap(<bdi>{closed(text)}</bdi>);
  }
  return (
    <>
      {wrap(<bdi className={isWhole ? styles.whole : styles.clamped}>{closed(text)}</bdi>)}
      <Button
        variant="subtle"
        className={styles.toggle}
        aria-expanded={isWhole}
        onClick={() => setIsWhole(!isWhole)}
      >
        {isWhole ? t.less : t.all}
      </Button>
    </>
  );
}
