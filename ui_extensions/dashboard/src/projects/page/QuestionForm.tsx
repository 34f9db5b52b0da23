import { useMemo, useState } from "react";
import type { ProjectDetail, ProjectQuestion } from "../../../../live/schemas";
import { useWords, words } from "../../i18n/words";
import { rest } from "../../live/session";
import { Button } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { useAction } from "../../ui/useAction";
import { columnsOf } from "../data/columns";
import { ChoiceList } from "./ChoiceList";
import styles from "./QuestionForm.module.css";

const texts = words(
  {
    answer: "Answer and go on",
    restart: "Answer and start again",
    none: "Choose an answer first",
  },
  {
    fr: {
      answer: "Répondre et continuer",
      restart: "Répondre et recommencer",
      none: "Choisissez d’abord une réponse",
    },
  },
);

/** The answer to this question may be any column. */
const ANY_COLUMN = "target";
/** The server inspects the upload again with the answer. */
const DEADLINE_MS = 330_000;

interface Props {
  detail: ProjectDetail;
  question: ProjectQuestion;
  /** Whether the answer starts a pipeline again that runs or has run. */
  isOffer?: boolean;
  onAnswered(): void;
}

/** A question of the server in its own words, to be answered in place. */
export function QuestionForm({ detail, question, isOffer = false, onAnswered }: Props) {
  const t = useWords(texts);
  const [chosen, setChosen] = useState<string | null>(null);
  const { isBusy, error, run } = useAction();
  const columns = useMemo(() => columnsOf(detail.columns).map(({ name }) => name), [detail]);
  const others = question.id === ANY_COLUMN ? columns : [];
  const path = `api/v1/projects/${encodeURIComponent(detail.project_id)}/answer`;
  const send = () =>
    run(
      () =>
        rest.post<ProjectDetail>(path, {}, { id: question.id, answer: chosen ?? "" }, DEADLINE_MS),
      onAnswered,
    );
  return (
    <div className={styles.form}>
      <p className={styles.question} lang="en">
        {question.text}
      </p>
      <ChoiceList
        legend={question.text}
        choices={question.options}
        others={others.filter((name) => !question.options.includes(name))}
        chosen={chosen}
        onChoose={setChosen}
      />
      <Button
        variant={isOffer ? "plain" : "primary"}
        isBusy={isBusy}
        whyNot={chosen === null ? t.none : undefined}
        onClick={send}
      >
        {isOffer ? t.restart : t.answer}
      </Button>
      {error && <ErrorNote error={error} />}
    </div>
  );
}
