import type { ServiceHealth } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { Badge } from "../ui/Badge";
import { Button } from "../ui/Button";
import styles from "./ServiceNote.module.css";

const texts = words(
  {
    down: "The diagnosis service is not running",
    unhealthy: "The diagnosis service is not ready",
    again: "Check again",
    start: "Start it in a terminal on the server’s machine:",
    or: "or start the server together with it:",
    model: (name: string) => `Model: ${name}`,
    ready: "Service ready",
  },
  {
    fr: {
      down: "Le service de diagnostic n’est pas démarré",
      unhealthy: "Le service de diagnostic n’est pas prêt",
      again: "Vérifier à nouveau",
      start: "Démarrez-le dans un terminal sur la machine du serveur :",
      or: "ou démarrez le serveur avec lui :",
      model: (name) => `Modèle : ${name}`,
      ready: "Service prêt",
    },
  },
);

export function ServiceNote({ health, onCheck }: { health: ServiceHealth; onCheck(): void }) {
  const t = useWords(texts);
  if (health.status === "healthy") {
    return (
      <p className={styles.ready}>
        <Badge tone="ok">{t.ready}</Badge> {health.model && <span>{t.model(health.model)}</span>}
      </p>
    );
  }
  const isDown = health.status === "error";
  return (
    <div className={styles.note} role="status">
      <p>
        <strong>
          <span aria-hidden="true">▲ </span>
          {isDown ? t.down : t.unhealthy}
        </strong>
      </p>
      {isDown ? (
        <>
          <p>{t.start}</p>
          <code className={styles.command}>python -m serving</code>
          <p>{t.or}</p>
          <code className={styles.command}>fovea serve --with-serving</code>
        </>
      ) : null}
      {health.message && (
        <p className={styles.message} lang="en">
          {health.message}
        </p>
      )}
      <Button onClick={onCheck}>{t.again}</Button>
    </div>
  );
}
