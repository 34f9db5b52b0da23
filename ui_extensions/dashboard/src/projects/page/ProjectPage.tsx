import type { ReactNode } from "react";
import { Link } from "wouter";
import type { ProjectDetail, ProjectProgress } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { mlflowRunUrl } from "../../live/mlflowLinks";
import { Controls } from "../../run/Controls";
import { LogTail } from "../../run/LogTail";
import { useAddressText } from "../../ui/addressState";
import { ReportButton } from "../../reports/ReportButton";
import { CrashBoundary } from "../../ui/CrashBoundary";
import { ErrorNote } from "../../ui/ErrorNote";
import { LongText } from "../../ui/LongText";
import { Empty, Section } from "../../ui/Section";
import { usePageTitle } from "../../ui/usePageTitle";
import { Facts } from "../data/Facts";
import { Understood } from "../data/Understood";
import { PredictPart } from "../predictions/PredictPart";
import { ProjectBadge } from "../ProjectBadge";
import { galaxyPath } from "../projectPath";
import { hasProjectEnded, runStatusIn } from "../projectStatus";
import { ResultPart } from "../result/ResultPart";
import { ConnectionNote } from "./ConnectionNote";
import { Decisions } from "./Decisions";
import { DeleteProject } from "./DeleteProject";
import { ImagePrediction, ImageResult } from "./ImageParts";
import styles from "./ProjectPage.module.css";
import { QuestionForm } from "./QuestionForm";
import { SearchCommands } from "./SearchCommands";
import { Stages } from "./Stages";
import { useProject } from "./useProject";

const texts = words(
  {
    unnamed: "Unnamed project",
    loading: "Loading the project…",
    gone: "There is no such project. It may have been deleted.",
    mlflow: "Open in MLflow",
    galaxy: "Find it in the galaxy",
    created: (when: string) => `created ${when}`,
    parts: "Parts of this project",
    overview: "Progress",
    result: "Result",
    predict: "Predict",
    data: "Data",
    question: "A question before it goes on",
    progress: "Progress",
    noResult: "The result appears here once the model is evaluated.",
    noModel: "Predictions are possible once the pipeline has registered a model.",
    failed: "The pipeline has failed",
  },
  {
    fr: {
      unnamed: "Projet sans nom",
      loading: "Chargement du projet…",
      gone: "Ce projet n’existe pas. Il a peut-être été supprimé.",
      mlflow: "Ouvrir dans MLflow",
      galaxy: "Le trouver dans la galaxie",
      created: (when) => `créé ${when}`,
      parts: "Parties de ce projet",
      overview: "Progression",
      result: "Résultat",
      predict: "Prédire",
      data: "Données",
      question: "Une question avant de continuer",
      progress: "Progression",
      noResult: "Le résultat apparaît ici une fois le modèle évalué.",
      noModel: "Les prédictions sont possibles une fois qu’un modèle est enregistré.",
      failed: "Le pipeline a échoué",
    },
  },
);

const PARTS = ["overview", "result", "predict", "data"] as const;
const IMAGES = "image_zip";
type PartName = (typeof PARTS)[number];

export function ProjectPage({ projectId }: { projectId: string }) {
  const t = useWords(texts);
  const { detail, progress, connection, isGone, error, refetch } = useProject(projectId);
  usePageTitle(detail?.project_name ?? projectId);

  if (isGone && !detail) {
    return <Empty>{t.gone}</Empty>;
  }
  return (
    <div className={styles.page}>
      <ConnectionNote connection={connection} />
      {error && !isGone && <ErrorNote error={error} onRetry={refetch} />}
      {!detail && !error && <Empty>{t.loading}</Empty>}
      {detail && progress && (
        <Shown key={detail.project_id} detail={detail} progress={progress} refetch={refetch} />
      )}
    </div>
  );
}

interface ShownProps {
  detail: ProjectDetail;
  progress: ProjectProgress;
  refetch(): void;
}

function Shown({ detail, progress, refetch }: ShownProps) {
  const t = useWords(texts);
  const { date } = useFormats();
  const [chosen] = useAddressText("part");
  const isAsking = progress.question !== null;
  const hasResult = detail.holdout_score !== null || detail.evaluation_report !== null;
  const isOfImages = detail.dataset_type === IMAGES;
  // A finished project opens at its result.
  const start: PartName = progress.status === "completed" && hasResult ? "result" : "overview";
  const part = PARTS.find((each) => each === chosen) ?? start;
  return (
    <>
      <div className={styles.head}>
        <div className={styles.name}>
          <h1>
            <LongText text={detail.project_name || t.unnamed} />
          </h1>
          <div className={styles.about}>
            <LongText text={detail.problem_description} />
          </div>
          <p className={styles.facts}>
            <ProjectBadge status={progress.status} isAsking={isAsking} />
            <span>{t.created(date(detail.created_at))}</span>
            {detail.run_id && (
              <a href={mlflowRunUrl(detail.experiment_id, detail.run_id)}>{t.mlflow}</a>
            )}
            <Link href={galaxyPath(detail.project_id)}>{t.galaxy}</Link>
          </p>
        </div>
        <div className={styles.actions}>
          {detail.run_id && (
            <ReportButton subject={{ kind: "project", projectId: detail.project_id }} />
          )}
          <DeleteProject
            detail={detail}
            isRunning={detail.run_id !== null && !hasProjectEnded(progress.status)}
          />
        </div>
      </div>
      <nav className={styles.parts} aria-label={t.parts}>
        {PARTS.map((each) => (
          <a
            key={each}
            href={`#/projects/${encodeURIComponent(detail.project_id)}?part=${each}`}
            aria-current={each === part ? "page" : undefined}
          >
            {t[each]}
          </a>
        ))}
      </nav>
      <CrashBoundary isPart key={part}>
        {part === "overview" && <Overview detail={detail} progress={progress} refetch={refetch} />}
        {part === "result" && isOfImages && <ImageResult detail={detail} />}
        {part === "result" &&
          !isOfImages &&
          (hasResult ? (
            <ResultPart detail={detail} onChanged={refetch} />
          ) : (
            <Empty>{t.noResult}</Empty>
          ))}
        {part === "predict" && isOfImages && <ImagePrediction detail={detail} />}
        {part === "predict" &&
          !isOfImages &&
          (detail.prediction_endpoint ? (
            <PredictPart detail={detail} />
          ) : (
            <Empty>{t.noModel}</Empty>
          ))}
        {part === "data" && <Understood detail={detail} onAnswered={refetch} />}
      </CrashBoundary>
    </>
  );
}

function Overview({ detail, progress, refetch }: ShownProps): ReactNode {
  const t = useWords(texts);
  const { question, run_id, status } = progress;
  const runStatus = runStatusIn(progress.stage_details);
  return (
    <>
      {question && (
        <Section title={t.question}>
          <QuestionForm
            key={question.id}
            detail={detail}
            question={question}
            onAnswered={refetch}
          />
        </Section>
      )}
      <Section title={t.progress}>
        <div className={styles.progress}>
          <p role="status" className={status === "failed" ? styles.failure : undefined}>
            {status === "failed" && <strong>{t.failed}: </strong>}
            <span lang="en">{progress.message}</span>
          </p>
          <Stages progress={progress} />
          {run_id && runStatus && !hasProjectEnded(status) && (
            <>
              <Controls runId={run_id} status={runStatus} isDeleted={false} />
              {status === "training" && <SearchCommands runId={run_id} />}
            </>
          )}
        </div>
      </Section>
      <Facts detail={detail} />
      <Decisions detail={detail} />
      {run_id && <LogTail key={run_id} runId={run_id} />}
    </>
  );
}
