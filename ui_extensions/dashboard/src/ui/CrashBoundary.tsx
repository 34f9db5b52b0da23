import { Component, type ReactNode } from "react";
import { useWords, words } from "../i18n/words";
import { Button } from "./Button";
import styles from "./CrashBoundary.module.css";
import { Empty } from "./Section";

const texts = words(
  {
    crashed: "This page has crashed. The training is not affected.",
    reload: "Reload the page",
    crashedPart: "This part cannot be shown. The training is not affected.",
    again: "Try again",
  },
  {
    fr: {
      crashed: "Cette page a planté. L’entraînement n’est pas affecté.",
      reload: "Recharger la page",
      crashedPart: "Cette partie ne peut pas être affichée. L’entraînement n’est pas affecté.",
      again: "Réessayer",
    },
  },
);

interface Props {
  children: ReactNode;
  /** For a part of a page: the rest of the page stays. */
  isPart?: boolean;
}

/** Shows a message if a page or a part crashes: an empty page would look like a run without alerts. */
export class CrashBoundary extends Component<Props, { hasCrashed: boolean }> {
  override state = { hasCrashed: false };

  static getDerivedStateFromError(): { hasCrashed: boolean } {
    return { hasCrashed: true };
  }

  override render(): ReactNode {
    if (!this.state.hasCrashed) {
      return this.props.children;
    }
    return this.props.isPart ? (
      <CrashedPart onRetry={() => this.setState({ hasCrashed: false })} />
    ) : (
      <Crashed />
    );
  }
}

function Crashed() {
  const t = useWords(texts);
  return (
    <div role="alert">
      <Empty>{t.crashed}</Empty>
      <Button onClick={() => location.reload()}>{t.reload}</Button>
    </div>
  );
}

export function CrashedPart({ onRetry }: { onRetry: () => void }) {
  const t = useWords(texts);
  return (
    <div role="alert" className={styles.part}>
      <Empty>{t.crashedPart}</Empty>
      <Button onClick={onRetry}>{t.again}</Button>
    </div>
  );
}
