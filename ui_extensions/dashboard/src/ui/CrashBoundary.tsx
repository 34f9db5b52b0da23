import { Component, type ReactNode } from "react";
import { useWords, words } from "../i18n/words";
import { Button } from "./Button";
import { Empty } from "./Section";

const texts = words(
  {
    crashed: "This page has failed, and what it showed is gone. The training is not affected.",
    reload: "Load it again",
  },
  {
    fr: {
      crashed:
        "Cette page a échoué, et ce qu’elle montrait a disparu. L’entraînement n’est pas touché.",
      reload: "La recharger",
    },
  },
);

/** A fault of a page is said, in place of nothing at all: an empty page would look like no alert. */
export class CrashBoundary extends Component<{ children: ReactNode }, { hasCrashed: boolean }> {
  override state = { hasCrashed: false };

  static getDerivedStateFromError(): { hasCrashed: boolean } {
    return { hasCrashed: true };
  }

  override render(): ReactNode {
    return this.state.hasCrashed ? <Crashed /> : this.props.children;
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
