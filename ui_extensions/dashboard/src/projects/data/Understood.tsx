import { useMemo } from "react";
import type { ProjectDetail } from "../../../../live/schemas";
import { useWords, words } from "../../i18n/words";
import { Section } from "../../ui/Section";
import { QuestionForm } from "../page/QuestionForm";
import table from "../Table.module.css";
import { ColumnTable } from "./ColumnTable";
import { columnsOf } from "./columns";
import { Facts } from "./Facts";

const texts = words(
  {
    columns: "Columns",
    offers: "Would you rather have it otherwise?",
    offersHint: "An answer starts the pipeline again, as a new run.",
  },
  {
    fr: {
      columns: "Colonnes",
      offers: "Préférez-vous autre chose ?",
      offersHint: "Une réponse relance le pipeline, dans un nouveau run.",
    },
  },
);

interface Props {
  detail: ProjectDetail;
  onAnswered(): void;
}

/** The upload as the server has understood it, column by column, and what may be decided otherwise. */
export function Understood({ detail, onAnswered }: Props) {
  const t = useWords(texts);
  const columns = useMemo(() => columnsOf(detail.columns), [detail.columns]);
  return (
    <>
      <Facts detail={detail} />
      {detail.offers.length > 0 && detail.question === null && (
        <Section title={t.offers}>
          <div className={table.part}>
            <p className={table.muted}>{t.offersHint}</p>
            {detail.offers.map((offer) => (
              <QuestionForm
                key={offer.id}
                detail={detail}
                question={offer}
                isOffer
                onAnswered={onAnswered}
              />
            ))}
          </div>
        </Section>
      )}
      {columns.length > 0 && (
        <Section title={t.columns}>
          <ColumnTable columns={columns} numColumns={(detail.num_features ?? 0) + 1} />
        </Section>
      )}
    </>
  );
}
