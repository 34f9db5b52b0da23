import { type DragEvent, useEffect, useMemo, useRef, useState } from "react";
import type { GalaxyProject } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { GALAXY_PATH, galaxyPath } from "../projects/projectPath";
import { useAddressText } from "../ui/addressState";
import { Badge } from "../ui/Badge";
import { Button } from "../ui/Button";
import { ErrorNote } from "../ui/ErrorNote";
import { PageHead } from "../ui/PageHead";
import { goTo } from "../ui/hashLocation";
import { Empty } from "../ui/Section";
import { shortName } from "../ui/shortName";
import { usePageTitle } from "../ui/usePageTitle";
import { HistoryDialog, UploadDialog } from "./GalaxyDialogs";
import styles from "./GalaxyPage.module.css";
import { matching } from "./galaxyState";
import { assignSlots, type Sky, skyOf } from "./layout";
import { Legend } from "./Legend";
import type { Picked } from "./picking";
import { SkyView, type Target } from "./SkyView";
import { StarCard } from "./StarCard";
import { StarList } from "./StarList";
import { useChanges } from "./useChanges";
import { POLL_MS, useGalaxy } from "./useGalaxy";

const texts = words(
  {
    title: "Galaxy",
    upload: "New project",
    history: "History",
    loading: "Loading the galaxy…",
    count: (count: string) => `Projects: ${count}`,
    bound: (shown: string, total: string) => `The newest ${shown} of ${total} projects are shown.`,
    none: "There is no project yet.",
    how: "Upload a table, or drop it onto the sky: it becomes a star.",
    search: "Find a project",
    noMatch: "No project has this name.",
    stale: "Not live",
    lost: (time: string) =>
      `A live connection is lost. Meanwhile the page asks for the state every ${time}, and reconnects by itself.`,
    gone: "The chosen project does not exist, or no longer, or it is older than those that are shown.",
    flown: (name: string) => `The sky shows ${name}.`,
    unnamed: "Unnamed project",
    panel: "Stars and planets",
  },
  {
    fr: {
      title: "Galaxie",
      upload: "Nouveau projet",
      history: "Historique",
      loading: "Chargement de la galaxie…",
      count: (count) => `Projets : ${count}`,
      bound: (shown, total) => `Les ${shown} projets les plus récents sur ${total} sont affichés.`,
      none: "Il n’y a pas encore de projet.",
      how: "Envoyez un tableau, ou déposez-le sur le ciel : il devient une étoile.",
      search: "Trouver un projet",
      noMatch: "Aucun projet ne porte ce nom.",
      stale: "Pas en direct",
      lost: (time) =>
        `Une connexion en direct est perdue. En attendant, la page demande l’état toutes les ${time}, et se reconnecte d’elle-même.`,
      gone: "Le projet choisi n’existe pas, ou n’existe plus, ou il est plus ancien que ceux affichés.",
      flown: (name) => `Le ciel montre ${name}.`,
      unnamed: "Projet sans nom",
      panel: "Étoiles et planètes",
    },
  },
);

export function GalaxyPage() {
  const t = useWords(texts);
  const { whole, duration } = useFormats();
  const { projects, total, isLost, error, refetch } = useGalaxy();
  const sky = useSky(projects);
  const [projectId] = useAddressText("project");
  const [runId] = useAddressText("run");
  const star = sky.byId.get(projectId);
  const changes = useChanges(projects);
  const [pointedId, setPointedId] = useState<string | null>(null);
  const overlay = useOverlay();
  usePageTitle(t.title);

  const open = (picked: Picked) => {
    if (picked.projectId !== projectId || (picked.runId ?? "") !== runId) {
      goTo(galaxyPath(picked.projectId, picked.runId));
    }
  };
  const leave = () => projectId !== "" && goTo(GALAXY_PATH);
  const target = useTarget(sky, projectId, runId);
  const [text, setText] = useState("");
  const found = useMemo(() => matching(projects ?? [], text), [projects, text]);
  const flyToFirst = () => {
    const [first] = found;
    if (first && text.trim() !== "") {
      open({ projectId: first.project_id, runId: null });
    }
  };
  const name = star ? shortName(star.project.project_name || t.unnamed) : "";
  return (
    <div className={styles.page} {...overlay.dropHandlers}>
      <PageHead title={t.title} count={projects && t.count(whole(total))}>
        <Button onClick={() => overlay.open("history")}>{t.history}</Button>
        <Button variant="primary" onClick={() => overlay.open("upload")}>
          {t.upload}
        </Button>
      </PageHead>
      {projects && total > projects.length && (
        <p>{t.bound(whole(projects.length), whole(total))}</p>
      )}
      {isLost && (
        <p role="status">
          <Badge tone="stale">{t.stale}</Badge> {t.lost(duration(POLL_MS / 1000))}
        </p>
      )}
      {error && <ErrorNote error={error} onRetry={refetch} />}
      <p className="visually-hidden" role="status">
        {star && t.flown(name)}
      </p>
      <p className="visually-hidden" role="log">
        {changes}
      </p>
      <div className={styles.parts}>
        <div className={styles.sky}>
          <SkyView
            sky={sky}
            selectedId={star ? projectId : null}
            target={target}
            pointedId={pointedId}
            onPick={open}
            onLeave={leave}
          />
          {!projects && !error && <p className={styles.over}>{t.loading}</p>}
          {projects?.length === 0 && (
            <div className={styles.over}>
              <p>
                <strong>{t.none}</strong>
              </p>
              <p>{t.how}</p>
            </div>
          )}
        </div>
        <section className={styles.panel} aria-label={t.panel}>
          <Search text={text} onType={setText} onEnter={flyToFirst} />
          {projectId !== "" && projects && !star && <Empty>{t.gone}</Empty>}
          {star && (
            <div className={styles.card}>
              <StarCard
                key={projectId}
                project={star.project}
                selectedRunId={runId === "" ? null : runId}
                onLeave={leave}
              />
            </div>
          )}
          {projects && projects.length > 0 && found.length === 0 && (
            <p role="status">{t.noMatch}</p>
          )}
          {found.length > 0 && (
            <div className={styles.list}>
              <StarList
                projects={found}
                selectedId={star ? projectId : null}
                onChoose={(id) => open({ projectId: id, runId: null })}
                onPoint={setPointedId}
              />
            </div>
          )}
        </section>
        <div className={styles.legend}>
          <Legend />
        </div>
      </div>
      {overlay.shown === "upload" && (
        <UploadDialog
          key={overlay.file?.name}
          file={overlay.file}
          onClose={overlay.close}
          onMade={(id) => {
            refetch();
            goTo(galaxyPath(id), { replace: true });
          }}
        />
      )}
      {overlay.shown === "history" && <HistoryDialog onClose={overlay.close} />}
    </div>
  );
}

interface SearchProps {
  text: string;
  onType(text: string): void;
  onEnter(): void;
}

/** Enter flies to the first match. */
function Search({ text, onType, onEnter }: SearchProps) {
  const t = useWords(texts);
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onEnter();
      }}
    >
      <input
        type="search"
        aria-label={t.search}
        placeholder={t.search}
        maxLength={500}
        value={text}
        onChange={(event) => onType(event.target.value)}
      />
    </form>
  );
}

/** The stars at the places where they were before. */
function useSky(projects: readonly GalaxyProject[] | undefined): Sky {
  const slots = useRef<ReadonlyMap<string, number>>(new Map());
  return useMemo(() => {
    const shown = projects ?? [];
    slots.current = assignSlots(
      slots.current,
      shown.map(({ project_id }) => project_id),
    );
    return skyOf(shown, slots.current);
  }, [projects]);
}

/** The star or planet of the address; the same object as long as it is at the same place. */
function useTarget(sky: Sky, projectId: string, runId: string): Target | null {
  const star = sky.byId.get(projectId);
  const planet = star?.planets.find(({ run }) => run.run_id === runId);
  const body = planet ?? star;
  const [x, z, radius] = [body?.x, body?.z, body?.radius];
  const key = planet ? `${projectId} ${runId}` : projectId;
  return useMemo(
    () =>
      x === undefined || z === undefined || radius === undefined ? null : { key, x, z, radius },
    [key, x, z, radius],
  );
}

type OverlayName = "" | "upload" | "history";

/** What is open over the sky is in the address, so that Back closes it; a dropped file opens the form. */
function useOverlay() {
  const [name, setName] = useAddressText("open");
  const [file, setFile] = useState<File | null>(null);
  const shown: OverlayName = name === "upload" || name === "history" ? name : "";
  const [projectId] = useAddressText("project");
  const base = projectId === "" ? `${GALAXY_PATH}?` : `${galaxyPath(projectId)}&`;
  const open = (which: OverlayName) => {
    setFile(null);
    goTo(`${base}open=${which}`);
  };
  const isFile = (event: DragEvent) => event.dataTransfer.types.includes("Files");
  useEffect(() => {
    if (shown === "") {
      setFile(null);
    }
  }, [shown]);
  return {
    shown,
    file,
    open,
    close: () => setName(""),
    dropHandlers: {
      onDragOver: (event: DragEvent) => isFile(event) && event.preventDefault(),
      onDrop: (event: DragEvent) => {
        const [dropped] = event.dataTransfer.files;
        // The form over the sky takes its own files.
        if (dropped && shown === "" && !event.defaultPrevented) {
          event.preventDefault();
          goTo(`${base}open=upload`);
          setFile(dropped);
        }
      },
    },
  };
}
