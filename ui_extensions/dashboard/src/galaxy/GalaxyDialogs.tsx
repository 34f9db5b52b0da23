import { useWords, words } from "../i18n/words";
import { galaxyPath } from "../projects/projectPath";
import { ProjectRow } from "../projects/ProjectRow";
import { NewProjectForm } from "../projects/start/NewProjectForm";
import { useProjects } from "../projects/useProjects";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { ErrorNote } from "../ui/ErrorNote";
import { Empty } from "../ui/Section";
import { useFormats } from "../i18n/useFormats";
import { useState } from "react";
import styles from "./GalaxyDialogs.module.css";

const texts = words(
  {
    upload: "New project",
    history: "History of projects",
    close: "Close",
    loading: "Loading the projects…",
    none: "There is no project yet.",
    shown: (shown: string, total: string) => `${shown} of ${total}, newest first`,
    more: "Show more",
  },
  {
    fr: {
      upload: "Nouveau projet",
      history: "Historique des projets",
      close: "Fermer",
      loading: "Chargement des projets…",
      none: "Il n’y a pas encore de projet.",
      shown: (shown, total) => `${shown} sur ${total}, les plus récents d’abord`,
      more: "En afficher plus",
    },
  },
);

interface UploadProps {
  file: File | null;
  onMade(projectId: string): void;
  onClose(): void;
}

/** The form of a new project over the sky. */
export function UploadDialog({ file, onMade, onClose }: UploadProps) {
  const t = useWords(texts);
  return (
    <Dialog title={t.upload} isWide onClose={onClose}>
      <NewProjectForm file={file} onMade={onMade} />
      <DialogActions>
        <Button onClick={onClose}>{t.close}</Button>
      </DialogActions>
    </Dialog>
  );
}

const AT_ONCE = 25;
const MOST = 1_000;

/** The list of projects over the sky; their names lead to their stars. */
export function HistoryDialog({ onClose }: { onClose(): void }) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [limit, setLimit] = useState(AT_ONCE);
  const { data, error, isLoading, refetch, nowMs } = useProjects("", limit);
  const projects = data?.entries ?? [];
  const total = data?.total ?? 0;
  return (
    <Dialog title={t.history} isWide onClose={onClose}>
      <div className={styles.history}>
        {error && <ErrorNote error={error} onRetry={refetch} />}
        {!data && isLoading && <Empty>{t.loading}</Empty>}
        {data && projects.length === 0 && <Empty>{t.none}</Empty>}
        {total > 0 && <p>{t.shown(whole(projects.length), whole(total))}</p>}
        <ul className={styles.rows}>
          {projects.map((project) => (
            <ProjectRow
              key={project.project_id}
              project={project}
              nowMs={nowMs}
              href={galaxyPath(project.project_id)}
            />
          ))}
        </ul>
        {total > limit && limit < MOST && (
          <Button onClick={() => setLimit(Math.min(limit + AT_ONCE, MOST))}>{t.more}</Button>
        )}
      </div>
      <DialogActions>
        <Button onClick={onClose}>{t.close}</Button>
      </DialogActions>
    </Dialog>
  );
}
