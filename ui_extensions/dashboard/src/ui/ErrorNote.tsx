import type { RequestError } from "../../../live/rest";
import { useWords, words } from "../i18n/words";
import { Button } from "./Button";
import styles from "./ErrorNote.module.css";

const texts = words(
  {
    unreachable: "The server does not answer.",
    again: "Try again",
    request: (id: string) => `Request ${id}`,
  },
  {
    fr: {
      unreachable: "Le serveur ne répond pas.",
      again: "Réessayer",
      request: (id) => `Requête ${id}`,
    },
  },
);

/** An error in the server's own words, with the id of the request. */
export function ErrorNote({ error, onRetry }: { error: RequestError; onRetry?: () => void }) {
  const t = useWords(texts);
  return (
    <div className={styles.note} role="alert">
      <p>{error.isUnreachable ? t.unreachable : error.message}</p>
      {error.problems.length > 0 && (
        <ul>
          {error.problems.map(({ field, message }) => (
            <li key={field}>
              <code>{field}</code>: {message}
            </li>
          ))}
        </ul>
      )}
      {error.requestId && <p className={styles.request}>{t.request(error.requestId)}</p>}
      {onRetry && <Button onClick={onRetry}>{t.again}</Button>}
    </div>
  );
}
