import { type ReactNode, useMemo, useRef, useState } from "react";
import type { EpochDetails } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { useLive } from "../../live/liveStore";
import { useMetricCatalog } from "../../metrics/useMetricCatalog";
import { useAddressText } from "../../ui/addressState";
import { Button } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { Empty, Section } from "../../ui/Section";
import { ClassTable } from "./ClassTable";
import { ConfusionMatrix } from "./ConfusionMatrix";
import { recallRows, reportRows } from "./classRows";
import type { CellText } from "./confusion";
import { EpochComparison, FEWEST_COMPARED } from "./EpochComparison";
import { EpochPicker } from "./EpochPicker";
import styles from "./Evaluation.module.css";
import { hasClasses, latest, nearest } from "./epochs";
import { type ShownEpoch, useEpochDetails } from "./useEpochDetails";
import { useEpochList } from "./useEpochList";
import { useEvaluationChanges } from "./useEvaluationChanges";
import { useScrollTo } from "./useScrollTo";

const texts = words(
  {
    matrix: "Confusion matrix",
    classes: "Recall per class",
    loadingEpoch: (epoch: string) => `Loading epoch ${epoch}…`,
    ongoing: (epoch: string) => `Epoch ${epoch} is not over: it is evaluated at its end.`,
    noMatrix: (epoch: string, path: string) =>
      `Epoch ${epoch} has no confusion matrix: the run has not uploaded a readable ${path}.`,
    noSuch: (epoch: string) => `The run has logged nothing in epoch ${epoch}.`,
    goTo: (epoch: string) => `Show epoch ${epoch}`,
    goToLatest: "Show the latest evaluation",
  },
  {
    fr: {
      matrix: "Matrice de confusion",
      classes: "Rappel par classe",
      loadingEpoch: (epoch) => `Chargement de l’époque ${epoch}…`,
      ongoing: (epoch) => `L’époque ${epoch} n’est pas terminée\u00a0: elle est évaluée à sa fin.`,
      noMatrix: (epoch, path) =>
        `L’époque ${epoch} n’a pas de matrice de confusion\u00a0: aucun fichier ${path} lisible n’a été déposé.`,
      noSuch: (epoch) => `Rien n’a été enregistré à l’époque ${epoch}.`,
      goTo: (epoch) => `Afficher l’époque ${epoch}`,
      goToLatest: "Afficher la dernière évaluation",
    },
  },
);

const MATRIX_ID = "confusion-matrix";

interface Props {
  runId: string;
  /** The epoch in the page's URL, for instance that of an alert. */
  focusEpoch: number | null;
}

export function Evaluation(props: Props) {
  return <OfRun key={props.runId} {...props} />;
}

function OfRun({ runId, focusEpoch }: Props) {
  const t = useWords(texts);
  const changes = useEvaluationChanges(runId);
  const list = useEpochList(runId, changes);
  const { picked, pick } = usePicked(focusEpoch);
  const epochs = list.data?.epochs ?? NONE;
  const total = list.data?.total ?? 0;
  const catalog = useMetricCatalog((state) => state.catalog);
  const newest = useMemo(() => latest(epochs, catalog)?.epoch, [epochs, catalog]);
  const epoch = picked ?? newest;
  const listed = useMemo(() => epochs.find((each) => each.epoch === epoch), [epochs, epoch]);
  const isMissing = list.data !== undefined && !listed && epochs.length >= total;
  const mayExist = (list.data !== undefined || list.error !== undefined) && !isMissing;
  const shown = useEpochDetails(runId, mayExist ? epoch : undefined, listed, changes);
  const isUnknown = isMissing || shown.error?.status === 404;
  const place = useRef<HTMLDivElement>(null);
  const isShown = shown.details?.epoch === focusEpoch || isUnknown || shown.error !== undefined;
  const isThere = isShown && list.data !== undefined;
  useScrollTo(place, focusEpoch, isThere);

  if (!list.data && epoch === undefined) {
    return (
      list.error && (
        <Section title={t.matrix} id={MATRIX_ID}>
          <ErrorNote error={list.error} onRetry={list.refetch} />
        </Section>
      )
    );
  }
  if (epoch === undefined || list.data?.epochs.length === 0) {
    return <WithoutEpochs runId={runId} />;
  }
  // The runs of most programs are never evaluated by class.
  const isByClass =
    epochs.some(hasClasses) || isUnknown || Boolean(shown.details?.confusion_matrix ?? shown.error);
  if (!isByClass && !list.error && epochs.length < FEWEST_COMPARED) {
    return null;
  }
  return (
    <div className={styles.evaluation} ref={place}>
      {list.error && <ErrorNote error={list.error} onRetry={list.refetch} />}
      {isByClass && (
        <>
          <div className={styles.picker}>
            {epochs.length > 0 && (
              <EpochPicker
                epochs={epochs}
                total={total}
                epoch={epoch}
                isFollowing={picked === null}
                onPick={pick}
                onFollow={() => pick(null)}
              />
            )}
          </div>
          <div className={styles.views}>
            <Matrix
              shown={shown}
              epoch={epoch}
              isUnknown={isUnknown}
              epochs={epochs}
              onPick={pick}
            />
            <Classes shown={shown} epoch={epoch} isUnknown={isUnknown} />
          </div>
        </>
      )}
      {epochs.length > 0 && <EpochComparison epochs={epochs} total={total} />}
    </div>
  );
}

const NONE: readonly EpochDetails[] = [];

/** The epoch picked by the user or by the URL; null follows the newest evaluation. */
const LATEST = "latest";

/** The picked epoch, which the address keeps; null follows the latest. */
function usePicked(focusEpoch: number | null) {
  const [text, setText] = useAddressText("picked");
  const named = Number.parseInt(text, 10);
  const picked = Number.isNaN(named) ? focusEpoch : named;
  const pick = (epoch: number | null) =>
    setText(epoch !== null ? String(epoch) : focusEpoch === null ? "" : LATEST);
  return { picked: text === LATEST ? null : picked, pick };
}

interface ViewProps {
  shown: ShownEpoch;
  /** The requested epoch; the previous one may still be shown. */
  epoch: number;
  /** Whether the run has no such epoch. */
  isUnknown: boolean;
}

function Matrix({
  shown,
  epoch,
  isUnknown,
  epochs,
  onPick,
}: ViewProps & { epochs: readonly EpochDetails[]; onPick(epoch: number | null): void }) {
  const t = useWords(texts);
  const [cells, setCells] = useState<CellText>("counts");
  const { details } = shown;
  const { classes, confusion_matrix: matrix } = details ?? {};
  return (
    <View
      title={t.matrix}
      id={MATRIX_ID}
      shown={shown}
      epoch={epoch}
      isUnknown={isUnknown}
      onPick={onPick}
    >
      {details && classes && matrix ? (
        <ConfusionMatrix
          epoch={details.epoch}
          classes={classes}
          matrix={matrix}
          cells={cells}
          onCells={setCells}
        />
      ) : (
        details && <NoMatrix details={details} epochs={epochs} onPick={onPick} />
      )}
    </View>
  );
}

function NoMatrix({
  details,
  epochs,
  onPick,
}: {
  details: EpochDetails;
  epochs: readonly EpochDetails[];
  onPick(epoch: number): void;
}) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const { epoch } = details;
  // If this one was evaluated without a matrix, so were the others.
  const other = hasClasses(details)
    ? undefined
    : nearest(
        epochs.filter((each) => each.epoch !== epoch && hasClasses(each)),
        epoch,
      );
  const path = `epochs/${String(epoch).padStart(4, "0")}/evaluation.json`;
  return (
    <>
      <Empty>
        {details.end_time || hasClasses(details)
          ? t.noMatrix(whole(epoch), path)
          : t.ongoing(whole(epoch))}
      </Empty>
      {other && <Button onClick={() => onPick(other.epoch)}>{t.goTo(whole(other.epoch))}</Button>}
    </>
  );
}

function Classes({ shown, epoch, isUnknown }: ViewProps) {
  const t = useWords(texts);
  const { details } = shown;
  const rows = useMemo(() => {
    if (!details) {
      return [];
    }
    const { classes, class_report: report, metrics } = details;
    return classes && report ? reportRows(classes, report) : recallRows(metrics.per_class);
  }, [details]);
  if (!details || rows.length === 0) {
    return null;
  }
  return (
    <View title={t.classes} shown={shown} epoch={epoch} isUnknown={isUnknown}>
      <ClassTable rows={rows} hasReport={Boolean(details.class_report)} />
    </View>
  );
}

/** A section about the shown epoch, with a note while another one is loading. */
function View({
  title,
  id,
  shown,
  epoch,
  isUnknown,
  onPick,
  children,
}: ViewProps & {
  title: string;
  id?: string;
  onPick?: (epoch: null) => void;
  children: ReactNode;
}) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const { details, error, isLoading, refetch } = shown;
  const isOther = details !== undefined && details.epoch !== epoch;
  const loadingNote = isLoading && (
    <span className={styles.reading}>{t.loadingEpoch(whole(epoch))}</span>
  );
  return (
    <Section title={title} tools={loadingNote} {...(id ? { id } : {})}>
      {isUnknown ? (
        <>
          <Empty>{t.noSuch(whole(epoch))}</Empty>
          {onPick && <Button onClick={() => onPick(null)}>{t.goToLatest}</Button>}
        </>
      ) : (
        error && <ErrorNote error={error} onRetry={refetch} />
      )}
      {!((error || isUnknown) && isOther) && (
        <div className={styles.content} aria-busy={isLoading} data-old={isOther || undefined}>
          {children}
        </div>
      )}
    </Section>
  );
}

/** For runs that log the recall per class, but no epochs. */
function WithoutEpochs({ runId }: { runId: string }) {
  const t = useWords(texts);
  const perClass = useLive(({ runs }) => runs[runId]?.metrics?.per_class);
  const rows = useMemo(() => recallRows(perClass ?? {}), [perClass]);
  if (rows.length === 0) {
    return null;
  }
  return (
    <div className={styles.evaluation}>
      <Section title={t.classes}>
        <ClassTable rows={rows} hasReport={false} />
      </Section>
    </div>
  );
}
