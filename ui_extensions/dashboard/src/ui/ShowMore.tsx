import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Button } from "./Button";
import styles from "./ShowMore.module.css";

const texts = words(
  { more: (count: string) => `Show ${count} more` },
  { fr: { more: (count) => `En afficher ${count} de plus` } },
);

interface Props {
  /** How many entries are not shown; the button is there only if some are not. */
  left: number;
  /** How many the button shows at once. */
  step: number;
  isBusy?: boolean;
  onMore(): void;
}

/** The button at the end of a list of which only a part is shown. */
export function ShowMore({ left, step, isBusy = false, onMore }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  return left > 0 ? (
    <p className={styles.more}>
      <Button isBusy={isBusy} onClick={onMore}>
        {t.more(whole(Math.min(left, step)))}
      </Button>
    </p>
  ) : null;
}
