import { Component, type ReactNode } from "react";
import { useWords, words } from "../i18n/words";
import { Button } from "./Button";
import { Empty } from "./Section";

const texts = words(
  {
    crashed: "This page has crashed. The training is not affected.",
    reload: "Reload the page",
  },
  {
    fr: {
      crashed: "Cette page a planté. L’entraînement n’est pas affecté.",
      reload: "Recharger la page",
    },
  },
);

/** Shows a message if a page crashes: an empty page would look like a run without alerts. */
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
