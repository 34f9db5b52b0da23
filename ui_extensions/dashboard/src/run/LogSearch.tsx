import { useEffect, useRef, useState } from "react";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import styles from "./LogSearch.module.css";

const texts = words(
  {
    search: "Search",
    previous: "Previous match",
    next: "Next match",
    none: "No line matches",
    found: (count: string) => `Matching lines: ${count}`,
    place: (place: string, count: string) => `${place} of ${count} lines`,
    whyNot: "nothing matches",
  },
  {
    fr: {
      search: "Rechercher",
      previous: "Résultat précédent",
      next: "Résultat suivant",
      none: "Aucune ligne trouvée",
      found: (count) => `Lignes trouvées : ${count}`,
      place: (place, count) => `${place} sur ${count} lignes`,
      whyNot: "aucun résultat",
    },
  },
);

const ANNOUNCE_DELAY_MS = 800;

interface Props {
  wanted: string;
  onWanted(wanted: string): void;
  numMatches: number;
  /** Index of the current match; -1 for none. */
  place: number;
  onPlace(place: number): void;
}

/** A search in the log: the number of matching lines, and buttons to go through them. */
export function LogSearch({ wanted, onWanted, numMatches, place, onPlace }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [announced, setAnnounced] = useState("");
  const count = numMatches === 0 ? t.none : t.found(whole(numMatches));
  const said = place < 0 ? count : t.place(whole(place + 1), whole(numMatches));

  // The count changes with each new line, but is announced only when the search changes.
  const newest = useRef(said);
  useEffect(() => {
    newest.current = said;
  }, [said]);
  // `place` only triggers the effect.
  useEffect(() => {
    const timer = setTimeout(() => setAnnounced(wanted ? newest.current : ""), ANNOUNCE_DELAY_MS);
    return () => clearTimeout(timer);
  }, [wanted, place]);

  const whyNot = numMatches === 0 ? t.whyNot : undefined;
  // Without a current match both buttons go to the newest one.
  const previous = () =>
    onPlace(place < 0 ? numMatches - 1 : (place + numMatches - 1) % numMatches);
  const next = () => onPlace(place < 0 ? numMatches - 1 : (place + 1) % numMatches);
  return (
    <search className={styles.search}>
      <label>
        {t.search}
        <input
          type="search"
          value={wanted}
          onChange={(event) => onWanted(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && numMatches > 0) {
              (event.shiftKey ? previous : next)();
            }
          }}
        />
      </label>
      {wanted !== "" && (
        <>
          <Button
            variant="subtle"
            aria-label={t.previous}
            title={t.previous}
            whyNot={whyNot}
            onClick={previous}
          >
            ↑
          </Button>
          <Button
            variant="subtle"
            aria-label={t.next}
            title={t.next}
            whyNot={whyNot}
            onClick={next}
          >
            ↓
          </Button>
          <span className={styles.count}>{said}</span>
        </>
      )}
      <span role="status" className="visually-hidden">
        {announced}
      </span>
    </search>
  );
}
