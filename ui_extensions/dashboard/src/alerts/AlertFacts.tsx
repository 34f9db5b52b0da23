import type { CriticalAlert } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { runHref } from "../ui/hashLocation";
import { LongText } from "../ui/LongText";
import styles from "./AlertFacts.module.css";
import { changedMs, isOpen } from "./alertOrder";
import { shownNumber, shownValue } from "./alertWords";
import { shortId, useRunName } from "./useRunName";
import { RelativeTime } from "./RelativeTime";

const texts = words(
  {
    run: "Run",
    metric: "Metric",
    value: "Value",
    threshold: "Threshold",
    support: "Cases",
    interval: "95% interval",
    between: (low: string, high: string) => `${low} to ${high}`,
    step: "Step",
    epoch: "Epoch",
    began: "Began",
    changed: "Changed",
    ended: "Ended",
  },
  {
    fr: {
      run: "Entraînement",
      metric: "Métrique",
      value: "Valeur",
      threshold: "Seuil",
      support: "Cas",
      interval: "Intervalle à 95 %",
      between: (low, high) => `${low} à ${high}`,
      step: "Pas",
      epoch: "Époque",
      began: "Début",
      changed: "Changement",
      ended: "Fin",
    },
  },
);

interface Props {
  alert: CriticalAlert;
  nowMs: number;
}

/** The figures of an alert; missing ones are left out. */
export function AlertFacts({ alert, nowMs }: Props) {
  const t = useWords(texts);
  const formats = useFormats();
  const { support, confidence_interval: interval, step, first_step: firstStep } = alert;
  const isChanged = changedMs(alert) > Date.parse(alert.started_at);
  const steps = firstStep === step ? [step] : [firstStep, step];
  return (
    <dl className={styles.facts}>
      <Fact name={t.run}>
        <RunLink runId={alert.run_id} />
      </Fact>
      <Fact name={t.metric}>
        <span className={styles.metric}>{alert.metric}</span>
      </Fact>
      <Fact name={t.value}>{shownValue(alert, formats)}</Fact>
      {alert.threshold !== null && (
        <Fact name={t.threshold}>{shownNumber(alert, alert.threshold, formats)}</Fact>
      )}
      {support !== null && <Fact name={t.support}>{formats.whole(support)}</Fact>}
      {interval !== null && (
        <Fact name={t.interval}>
          {t.between(formats.metric(interval[0]), formats.metric(interval[1]))}
        </Fact>
      )}
      <Fact name={t.step}>{steps.map(formats.whole).join(" → ")}</Fact>
      {alert.epoch !== null && <Fact name={t.epoch}>{formats.whole(alert.epoch)}</Fact>}
      <Fact name={t.began}>
        <RelativeTime time={alert.started_at} nowMs={nowMs} />
      </Fact>
      {isChanged && (
        <Fact name={isOpen(alert) ? t.changed : t.ended}>
          <RelativeTime time={alert.timestamp} nowMs={nowMs} />
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function RunLink({ runId }: { runId: string }) {
  const name = useRunName(runId);
  return (
    <LongText
      text={name || shortId(runId)}
      wrap={(shown) => (
        <a href={runHref(runId)} title={runId}>
          {shown}
        </a>
      )}
    />
  );
}
