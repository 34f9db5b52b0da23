import { type ReactNode, useId } from "react";
import { useWords, words } from "../i18n/words";
import { isolated } from "../../../live/bidi";
import { Button } from "../ui/Button";
import { shortName } from "../ui/shortName";
import styles from "./AlertFilters.module.css";
import { type AlertFilter, ALL_OPEN, isNarrowed, type ShownState, STATES } from "./alertFilter";
import { levelWords } from "./alertWords";
import { shortId, useRunName } from "./useRunName";

const texts = words(
  {
    filters: "Which alerts",
    state: "State",
    open: "Open",
    past: "Past",
    all: "All",
    level: "Level",
    condition: "Condition",
    run: "Run",
    acknowledged: "Acknowledged",
    any: "All",
    yes: "Yes",
    no: "Not yet",
    clear: "Clear the filters",
  },
  {
    fr: {
      filters: "Quelles alertes",
      state: "État",
      open: "Ouvertes",
      past: "Passées",
      all: "Toutes",
      level: "Niveau",
      condition: "Condition",
      run: "Entraînement",
      acknowledged: "Acquittée",
      any: "Toutes",
      yes: "Oui",
      no: "Pas encore",
      clear: "Effacer les filtres",
    },
  },
);

interface Props {
  filter: AlertFilter;
  conditions: readonly string[];
  runIds: readonly string[];
  onChange(filter: AlertFilter): void;
}

export function AlertFilters({ filter, conditions, runIds, onChange }: Props) {
  const t = useWords(texts);
  const levels = useWords(levelWords);
  const change = (part: Partial<AlertFilter>) => onChange({ ...filter, ...part });
  return (
    <search className={styles.filters} aria-label={t.filters}>
      <States state={filter.state} onChange={(state) => change({ state })} />
      <Choice
        name={t.level}
        value={filter.level}
        onChange={(level) => change({ level: level as AlertFilter["level"] })}
      >
        <option value="">{t.any}</option>
        <option value="critical">{levels.critical}</option>
        <option value="warning">{levels.warning}</option>
      </Choice>
      <Choice
        name={t.condition}
        value={filter.condition}
        onChange={(condition) => change({ condition })}
      >
        <option value="">{t.any}</option>
        {conditions.map((condition) => (
          <option key={condition}>{condition}</option>
        ))}
      </Choice>
      <Choice name={t.run} value={filter.runId} onChange={(runId) => change({ runId })}>
        <option value="">{t.any}</option>
        {runIds.map((runId) => (
          <RunOption key={runId} runId={runId} />
        ))}
      </Choice>
      <Choice
        name={t.acknowledged}
        value={filter.isAcknowledged === null ? null : filter.isAcknowledged ? "yes" : "no"}
        onChange={(word) => change({ isAcknowledged: word === null ? null : word === "yes" })}
      >
        <option value="">{t.any}</option>
        <option value="no">{t.no}</option>
        <option value="yes">{t.yes}</option>
      </Choice>
      {isNarrowed(filter) && (
        <Button variant="subtle" onClick={() => onChange({ ...ALL_OPEN, state: filter.state })}>
          {t.clear}
        </Button>
      )}
    </search>
  );
}

interface StatesProps {
  state: ShownState;
  onChange(state: ShownState): void;
}

function States({ state, onChange }: StatesProps) {
  const t = useWords(texts);
  const name = useId();
  return (
    <fieldset className={styles.states}>
      <legend className="visually-hidden">{t.state}</legend>
      {STATES.map((each) => (
        <label key={each}>
          <input
            type="radio"
            name={name}
            checked={each === state}
            onChange={() => onChange(each)}
          />
          {t[each]}
        </label>
      ))}
    </fieldset>
  );
}

interface ChoiceProps {
  name: string;
  value: string | null;
  onChange(value: string | null): void;
  children: ReactNode;
}

function Choice({ name, value, onChange, children }: ChoiceProps) {
  return (
    <label className={styles.choice}>
      <span>{name}</span>
      <select value={value ?? ""} onChange={(event) => onChange(event.target.value || null)}>
        {children}
      </select>
    </label>
  );
}

function RunOption({ runId }: { runId: string }) {
  const name = useRunName(runId);
  const shown = name && `${isolated(shortName(name))} (${shortId(runId)})`;
  return <option value={runId}>{shown || shortId(runId)}</option>;
}
