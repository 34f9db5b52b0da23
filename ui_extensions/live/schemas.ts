// Short names for the generated types of responses and messages.

import type { components as Sent } from "./asyncapi";
import type { components as Answered } from "./openapi";

type Answers = Answered["schemas"];
type Messages = Sent["schemas"];

export type TrainingStatus = Answers["TrainingStatus"];
export type RunStatus = Answers["RunStatus"];
export type RunSummary = Answers["RunSummary"];
export type MetricsData = Messages["MetricsData"];
export type LatestMetrics = Answers["LatestMetrics"];
export type CriticalCondition = Messages["CriticalCondition"];
export type SystemMetrics = Messages["SystemMetrics"];
export type NotFinite = Messages["NotFinite"];
export type MetricPoint = Messages["MetricPoint"];
export type PerformancePoint = Answers["PerformancePoint"];
export type EpochDetails = Answers["EpochDetails"];
export type ClassReport = Answers["ClassReport"];
export type CriticalAlert = Answers["CriticalAlert"];
export type AlertLevel = Answers["AlertLevel"];
export type TimelineEntry = Answers["TimelineEntry"];
export type CommandEntry = Answers["CommandEntry"];
export type ControlResponse = Answers["ControlResponse"];
export type MetricCatalog = Answers["MetricCatalog"];
export type CatalogMetric = Answers["CatalogMetric"];
export type ChartGroup = Answers["ChartGroup"];
export type MetricFamily = Answers["MetricFamily"];
export type MetricLabel = Answers["Label"];
export type MetricDirection = Answers["Direction"];
export type MetricRole = Answers["Role"];
export type MetricSplit = Answers["Split"];
export type MetricTerm = Answers["MetricTerm"];
export type HeadlineValue = Answers["HeadlineValue"];
export type RecipeEntry = Answers["RecipeEntry"];
export type StartRequest = Partial<Answers["StartRequest"]>;
export type StartResponse = Answers["StartResponse"];
export type JobEntry = Answers["JobEntry"];
export type NewJob = Partial<Answers["NewJob"]> & Pick<Answers["NewJob"], "kind">;
export type SystemStats = Answers["SystemStats"];
export type DiagnosisAnswer = Answers["DiagnosisAnswer"];
export type DiagnosisData = Answers["DiagnosisData"];
export type DiagnosisResult = Answers["DiagnosisResult"];
export type DiagnosedImage = Answers["ImageEntry"];
export type DiagnosedEye = Answers["EyeEntry"];
export type ConditionEvidence = Answers["EvidenceEntry"];
export type Finding = Answers["FindingEntry"];
export type Laterality = Answers["Laterality"];
export type ServiceHealth = Answers["ServiceHealth"];
export type FeedbackEntry = Answers["FeedbackEntry"];
export type FeedbackRequest = Partial<Answers["FeedbackRequest"]> &
  Pick<Answers["FeedbackRequest"], "verdict">;
export type ProjectSummary = Answers["ProjectSummary"];
export type ProjectDetail = Answers["ProjectDetail"];
export type ProjectProgress = Answers["ProjectProgress"];
export type ProjectResponse = Answers["ProjectResponse"];
export type ProjectStatus = Answers["ProjectStatus"];
export type ProjectDeleted = Answers["ProjectDeleted"];
export type PipelineStage = Answers["PipelineStage"];
export type ProjectQuestion = Answers["Question"];
export type LeakEntry = Answers["LeakEntry"];
export type ScoreEntry = Answers["ScoreEntry"];
export type InstructionEntry = Answers["InstructionEntry"];
export type PredictAnswer = Answers["PredictAnswer"];
export type RowPrediction = Answers["RowPrediction"];
export type Explanation = Answers["Explanation"];
export type ProjectEvent = Messages["WebSocketEvent"];
export type LogLine = Messages["LogLine"];
export type LogLevel = Messages["LogLevel"];

export type InitialState = Messages["InitialState"];
export type InitialStatePage = Messages["InitialStatePage"];
export type MetricsUpdate = Messages["MetricsUpdate"];
export type LogMessage = Messages["LogMessage"];

export type ServerMessage = Messages["ServerMessage"];
