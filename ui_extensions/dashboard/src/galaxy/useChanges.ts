// Says in words what changes on the sky, for those who do not see it.

import { useEffect, useRef, useState } from "react";
import type { GalaxyProject } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { projectWords } from "../projects/projectWords";
import { shortName } from "../ui/shortName";
import { type Change, changesBetween } from "./galaxyState";

const texts = words(
  {
    new: (name: string) => `${name} is new.`,
    gone: (name: string) => `${name} was deleted.`,
    state: (name: string, state: string) => `${name}: ${state}.`,
    others: (count: number) => `There are ${count} other changes.`,
    unnamed: "Unnamed project",
  },
  {
    fr: {
      new: (name) => `${name} est nouveau.`,
      gone: (name) => `${name} a été supprimé.`,
      state: (name, state) => `${name} : ${state}.`,
      others: (count) => `Il y a ${count} autres changements.`,
      unnamed: "Projet sans nom",
    },
  },
);

/** More at once would be read for minutes. */
const MOST_SAID = 3;

export function useChanges(projects: readonly GalaxyProject[] | undefined): string {
  const t = useWords(texts);
  const names = useWords(projectWords);
  const before = useRef(projects);
  const [said, setSaid] = useState("");
  useEffect(() => {
    const earlier = before.current;
    before.current = projects;
    if (!earlier || !projects || earlier === projects) {
      return;
    }
    const changes = changesBetween(earlier, projects);
    const sentence = ({ kind, project }: Change) => {
      const name = shortName(project.project_name || t.unnamed);
      if (kind === "new" || kind === "gone") {
        return t[kind](name);
      }
      if (kind === "stage") {
        return t.state(name, names[project.current_stage]);
      }
      return t.state(name, project.has_question ? names.asking : names[project.status]);
    };
    if (changes.length > 0) {
      const rest = changes.length - MOST_SAID;
      const sentences = changes.slice(0, MOST_SAID).map(sentence);
      setSaid([...sentences, ...(rest > 0 ? [t.others(rest)] : [])].join(" "));
    }
  }, [projects, t, names]);
  return said;
}
