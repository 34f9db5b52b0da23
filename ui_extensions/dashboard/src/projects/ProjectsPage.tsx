import { Link } from "wouter";
import type { ProjectStatus } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { useAddressChoice, useAddressCount } from "../ui/addressState";
import { ErrorNote } from "../ui/ErrorNote";
import { PageHead } from "../ui/PageHead";
import { Empty } from "../ui/Section";
import { ShowMore } from "../ui/ShowMore";
import { usePageTitle } from "../ui/usePageTitle";
import { NEW_PROJECT_PATH } from "./projectPath";
import { ProjectRow } from "./ProjectRow";
import { STATUSES } from "./projectStatus";
import { projectWords } from "./projectWords";
import styles from "./ProjectsPage.module.css";
import { useProjects } from "./useProjects";

const texts = words(
  {
    title: "Projects",
    start: "New project",
    status: "Status",
    any: "Any status",
    shown: (shown: string, total: string) => `${shown} of ${total}`,
    loading: "Loading the projects…",
    none: "There is no project yet.",
    how: "Upload a table, such as a CSV or Excel file, and say in a sentence what is to be predicted. You get a model, what it is worth on rows that it has not seen, and predictions for new rows.",
    noMatch: "No project has this status.",
  },
  {
    fr: {
      title: "Projets",
      start: "Nouveau projet",
      status: "État",
      any: "Tous les états",
      shown: (shown, total) => `${shown} sur ${total}`,
      loading: "Chargement des projets…",
      none: "Il n’y a pas encore de projet.",
      how: "Envoyez un tableau, par exemple un fichier CSV ou Excel, et dites en une phrase ce qu’il faut prédire. Vous obtenez un modèle, ce qu’il vaut sur des lignes qu’il n’a pas vues, et des prédictions pour de nouvelles lignes.",
      noMatch: "Aucun projet n’est dans cet état.",
    },
  },
);

const CHOICES: readonly ["", ...ProjectStatus[]] = ["", ...STATUSES];
const AT_ONCE = 25;
/** The server lists no more at once. */
const MOST = 1_000;

export function ProjectsPage() {
  const t = useWords(texts);
  const statuses = useWords(projectWords);
  const { whole } = useFormats();
  const [status, setStatus] = useAddressChoice("status", CHOICES);
  const [limit, setLimit] = useAddressCount("shown", AT_ONCE, MOST);
  const { data, error, isLoading, refetch, nowMs } = useProjects(status, limit);
  const projects = data?.entries ?? [];
  const total = data?.total ?? 0;
  usePageTitle(t.title);

  return (
    <div className={styles.page}>
      <PageHead title={t.title} count={total > 0 && t.shown(whole(projects.length), whole(total))}>
        <label>
          {t.status}
          <select
            value={status}
            onChange={(event) => setStatus(event.target.value as ProjectStatus | "")}
          >
            {CHOICES.map((each) => (
              <option key={each} value={each}>
                {each === "" ? t.any : statuses[each]}
              </option>
            ))}
          </select>
        </label>
        <Link href={NEW_PROJECT_PATH} className={styles.start}>
          {t.start}
        </Link>
      </PageHead>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {!data && isLoading && <Empty>{t.loading}</Empty>}
      {data && projects.length === 0 && status !== "" && <Empty>{t.noMatch}</Empty>}
      {data && projects.length === 0 && status === "" && (
        <div className={styles.none}>
          <p>
            <strong>{t.none}</strong>
          </p>
          <p>{t.how}</p>
          <Link href={NEW_PROJECT_PATH} className={styles.start}>
            {t.start}
          </Link>
        </div>
      )}
      <ul className={styles.rows}>
        {projects.map((project) => (
          <ProjectRow key={project.project_id} project={project} nowMs={nowMs} />
        ))}
      </ul>
      <ShowMore
        left={Math.min(total, MOST) - limit}
        step={AT_ONCE}
        onMore={() => setLimit(Math.min(limit + AT_ONCE, MOST))}
      />
    </div>
  );
}
