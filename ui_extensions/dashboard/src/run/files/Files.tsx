import { useState } from "react";
import { useWords, words } from "../../i18n/words";
import { useLive } from "../../live/liveStore";
import { Empty, Section } from "../../ui/Section";
import { useThrottled } from "../../ui/useThrottled";
import type { ArtifactEntry } from "../loggedImages";
import styles from "./Files.module.css";
import { Folder } from "./Folder";
import { Preview } from "./Preview";

const LEAST_INTERVAL_MS = 5_000;

const texts = words(
  { title: "Artifacts", choose: "Choose a file to see what is in it." },
  {
    fr: { title: "Artefacts", choose: "Choisissez un fichier pour voir ce qu’il contient." },
  },
);

/** All artifacts of the run as a tree, with a preview of one. */
export function Files({ runId }: { runId: string }) {
  const t = useWords(texts);
  const changes = useLive((live) => (live.runs[runId]?.artifacts ?? 0) + live.gaps);
  const when = useThrottled(changes, LEAST_INTERVAL_MS);
  const [chosen, setChosen] = useState<ArtifactEntry | null>(null);
  return (
    <Section title={t.title}>
      <div className={styles.pair}>
        <div className={styles.tree}>
          <Folder runId={runId} path="" when={when} chosen={chosen} onChoose={setChosen} />
        </div>
        {chosen ? <Preview runId={runId} file={chosen} /> : <Empty>{t.choose}</Empty>}
      </div>
    </Section>
  );
}
