import { type KeyboardEvent, useRef, useState } from "react";
import { closed } from "../../../live/bidi";
import type { GalaxyProject } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { appearanceOfProject } from "../projects/projectStatus";
import { projectWords } from "../projects/projectWords";
import { shortName } from "../ui/shortName";
import styles from "./StarList.module.css";

const texts = words(
  {
    stars: "Stars",
    unnamed: "Unnamed project",
    rows: (count: string) => `${count} rows`,
    unknown: "rows not known",
    runs: (count: string) => `runs: ${count}`,
    keys: "Up and Down go from star to star, Enter flies there.",
  },
  {
    fr: {
      stars: "Étoiles",
      unnamed: "Projet sans nom",
      rows: (count) => `${count} lignes`,
      unknown: "nombre de lignes inconnu",
      runs: (count) => `entraînements : ${count}`,
      keys: "Haut et Bas vont d’étoile en étoile, Entrée y vole.",
    },
  },
);

interface Props {
  projects: readonly GalaxyProject[];
  selectedId: string | null;
  onChoose(projectId: string): void;
  onPoint(projectId: string | null): void;
}

/** Every star as a button; only one of them is in the order of Tab, the others are reached by arrows. */
export function StarList({ projects, selectedId, onChoose, onPoint }: Props) {
  const t = useWords(texts);
  const list = useRef<HTMLUListElement>(null);
  const [lastId, setLastId] = useState<string | null>(null);
  const has = (id: string | null) => projects.some(({ project_id }) => project_id === id);
  const tabbed = [lastId, selectedId].find(has) ?? projects[0]?.project_id;

  const onKeyDown = (event: KeyboardEvent) => {
    const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[
      event.key
    ];
    if (next !== undefined) {
      event.preventDefault();
      buttons[Math.min(buttons.length - 1, Math.max(0, next))]?.focus();
    }
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- its buttons have the focus
    <ul
      ref={list}
      className={styles.list}
      aria-label={t.stars}
      title={t.keys}
      onKeyDown={onKeyDown}
    >
      {projects.map((project) => (
        <li key={project.project_id}>
          <button
            type="button"
            tabIndex={project.project_id === tabbed ? 0 : -1}
            aria-current={project.project_id === selectedId || undefined}
            onClick={() => onChoose(project.project_id)}
            onFocus={() => {
              setLastId(project.project_id);
              onPoint(project.project_id);
            }}
            onBlur={() => onPoint(null)}
            onPointerEnter={() => onPoint(project.project_id)}
            onPointerLeave={() => onPoint(null)}
          >
            <Entry project={project} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Entry({ project }: { project: GalaxyProject }) {
  const t = useWords(texts);
  const names = useWords(projectWords);
  const { whole } = useFormats();
  const { status, has_question, num_samples, num_runs } = project;
  const [, sign] = appearanceOfProject(status, has_question);
  return (
    <>
      <bdi className={styles.name}>{closed(shortName(project.project_name || t.unnamed))}</bdi>
      <span className={styles.facts}>
        <span aria-hidden="true">{sign}</span> {has_question ? names.asking : names[status]}
        {" · "}
        {num_samples === null ? t.unknown : t.rows(whole(num_samples))}
        {" · "}
        {t.runs(whole(num_runs))}
      </span>
    </>
  );
}
