# Generated from async_client.py by `python -m api.client.generate`: change that file instead.
"""The Python client: the server's answers as typed values, the live stream, and control of runs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from api.alerts.schemas import AlertLevel, CriticalAlert, TimelineEntry
from api.alerts.state_machine import AlertState
from api.client.blocking_http import BlockingHttp
from api.client.blocking_projects import Projects
from api.client.blocking_run_table import RunTable
from api.client.blocking_training_inputs import TrainingInputs
from api.client.evaluation_reports import MLFLOW_RUN_PATH, MlflowRunAnswer
from api.client.live import Link, LiveStream, ignore_link
from api.client.live_connection import Messages, follow
from api.client.report_page import ReportPage
from api.client.request import (
    ACKNOWLEDGEMENT_TIMEOUT_S,
    ANSWER_TIMEOUT_S,
    DIAGNOSIS_TIMEOUT_S,
    REPORT_TIMEOUT_S,
    drop_none,
    path_segment,
)
from api.client.server_address import server_address
from api.control.instruction_schemas import Argument, InstructionEntry, UnderstoodCommands
from api.control.schemas import CommandEntry, ControlResponse
from api.diagnosis.records import Verdict
from api.diagnosis.schemas import (
    BatchAnswer,
    DiagnosisAnswer,
    DiagnosisData,
    FeedbackEntry,
    Laterality,
    ServiceHealth,
    UploadAnswer,
)
from api.jobs.log_lines import LogLine
from api.jobs.schemas import (
    JobCancelled,
    JobEntry,
    JobKindEntry,
    JobProgress,
    JobQueue,
    JobStarted,
    RecipeEntry,
    StartResponse,
)
from api.notify.schemas import ShownNotification
from api.pages import Listed
from api.reports.schemas import Language
from api.runs.metric_catalog import MetricCatalog
from api.runs.schemas import (
    EpochComparison,
    EpochDetails,
    LatestMetrics,
    MetricsSnapshot,
    PerformancePoint,
    RunSummary,
)
from api.system.health import Health
from api.system.stats import SystemStats


class FoveaClient(RunTable, TrainingInputs, Projects):
    """A client of the server at `url`, else at MLFLOW_TRACKING_URI, else on this machine.

    Without `run_id` the server picks the newest active run, else the newest run. Every method
    raises an ApiError: RequestRefusedError, ServerUnreachableError or NotFoveaError.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        self.address = server_address(url, headers)
        self._http = BlockingHttp(self.address, timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def health(self) -> Health:
        return self._http.get("/api/health", Health)

    def stats(self) -> SystemStats:
        """The load of the server's own machine."""
        return self._http.get("/api/stats", SystemStats)

    def runs(
        self,
        *,
        experiment: str | None = None,
        status: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Listed[RunSummary]:
        return self._http.get_page(
            "/api/runs",
            list[RunSummary],
            experiment=experiment,
            status=status,
            limit=limit,
            offset=offset,
        )

    def latest(self, run_id: str | None = None) -> LatestMetrics:
        """The newest value of each metric."""
        return self._http.get("/api/metrics/latest", LatestMetrics, run_id=run_id)

    def history(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[MetricsSnapshot]:
        """The values of all metrics by step, newest first."""
        return self._http.get_page(
            "/api/metrics/history", list[MetricsSnapshot], run_id=run_id, limit=limit, offset=offset
        )

    def performance(
        self, metric: str, run_id: str | None = None, *, limit: int | None = None
    ) -> Listed[PerformancePoint]:
        """The curve of one metric; longer curves are downsampled to `limit` points."""
        path = f"/api/metrics/performance/{quote(metric)}"
        return self._http.get_page(path, list[PerformancePoint], run_id=run_id, limit=limit)

    def metric_catalog(self) -> MetricCatalog:
        """The labels, chart groups, directions, units and bounds of the known metrics."""
        return self._http.get("/api/metrics/catalog", MetricCatalog)

    def epochs(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[EpochDetails]:
        return self._http.get_page(
            "/api/epochs", list[EpochDetails], run_id=run_id, limit=limit, offset=offset
        )

    def epoch(self, number: int, run_id: str | None = None) -> EpochDetails:
        return self._http.get(f"/api/epochs/{number}", EpochDetails, run_id=run_id)

    def compare_epochs(
        self, epochs: Sequence[int], metrics: Sequence[str] = (), run_id: str | None = None
    ) -> EpochComparison:
        return self._http.get(
            "/api/compare/epochs",
            EpochComparison,
            epochs=",".join(map(str, epochs)),
            metrics=",".join(metrics) or None,
            run_id=run_id,
        )

    def recipes(self) -> list[RecipeEntry]:
        """The recipes that the server can train, with the parameters of each."""
        return self._http.get("/api/recipes", list[RecipeEntry])

    def start(
        self,
        recipe: str | None = None,
        *,
        data: str | None = None,
        params: Mapping[str, Any] | None = None,
        dataset_id: int | None = None,
        base_model_id: int | None = None,
        experiment_name: str | None = None,
        workers: int | None = None,
        priority: int | None = None,
    ) -> StartResponse:
        """Start a training, whose run exists when this returns; the server chooses what is None.

        It waits until its GPUs are free; of those that wait, a higher priority (0 to 9) comes first.
        """
        body = drop_none(
            recipe=recipe,
            data=data,
            dataset_id=dataset_id,
            base_model_id=base_model_id,
            params=params,
            experiment_name=experiment_name,
            workers=workers,
            priority=priority,
        )
        return self._http.post("/api/training/start", StartResponse, body)

    def pause(
        self,
        run_id: str | None = None,
        *,
        release: bool = False,
        timeout_s: float = ACKNOWLEDGEMENT_TIMEOUT_S,
    ) -> ControlResponse:
        """Pause the run after its step; with `release` it saves, exits and frees its accelerators.

        Returns once every rank has acknowledged, or after `timeout_s`: `acknowledged` says which.
        """
        return self._command("pause", run_id, timeout_s, release=release)

    def resume(
        self, run_id: str | None = None, *, timeout_s: float = ACKNOWLEDGEMENT_TIMEOUT_S
    ) -> ControlResponse:
        """Resume a paused run from its step; returns as `pause` does."""
        return self._command("resume", run_id, timeout_s)

    def stop(
        self, run_id: str | None = None, *, timeout_s: float = ACKNOWLEDGEMENT_TIMEOUT_S
    ) -> ControlResponse:
        """End the run after it has finished its step and saved; returns as `pause` does."""
        return self._command("stop", run_id, timeout_s)

    def instruct(
        self,
        run_id: str,
        name: str,
        arguments: Mapping[str, Argument] | None = None,
        *,
        wait_s: float = ACKNOWLEDGEMENT_TIMEOUT_S,
    ) -> InstructionEntry:
        """Send a command that the run carries out once, such as `extend_budget` with `seconds`.

        Returns once the run has answered, or after `wait_s`: `status` says which. Refused with
        status 409 if the run does not understand `name`.
        """
        path = f"/api/v1/runs/{path_segment(run_id)}/commands"
        body = {"name": name, "arguments": dict(arguments or {}), "wait_s": wait_s}
        return self._http.post(path, InstructionEntry, body, server_wait_s=wait_s)

    def instructions(
        self, run_id: str, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[InstructionEntry]:
        """The one-time commands to the run with the run's answers; newest first."""
        path = f"/api/v1/runs/{path_segment(run_id)}/commands"
        return self._http.get_page(path, list[InstructionEntry], limit=limit, offset=offset)

    def understood_commands(self, run_id: str) -> UnderstoodCommands:
        """The one-time commands that the run takes now, and the reason if it takes none."""
        path = f"/api/v1/runs/{path_segment(run_id)}/commands/understood"
        return self._http.get(path, UnderstoodCommands)

    def commands(
        self, run_id: str, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[CommandEntry]:
        """Every command that the run was given, by whom, and its outcome; newest first."""
        path = f"/api/training/{path_segment(run_id)}/commands"
        return self._http.get_page(path, list[CommandEntry], limit=limit, offset=offset)

    def jobs(
        self,
        *,
        kind: str | None = "training",
        limit: int | None = None,
        offset: int | None = None,
    ) -> Listed[JobEntry]:
        """The jobs of a kind, or of all kinds if `kind` is None; newest first."""
        return self._http.get_page(
            "/api/jobs", list[JobEntry], kind=kind, limit=limit, offset=offset
        )

    def job(self, job_id: str) -> JobEntry:
        return self._http.get(f"/api/jobs/{path_segment(job_id)}", JobEntry)

    def job_progress(self, job_id: str) -> JobProgress:
        return self._http.get(f"/api/jobs/{path_segment(job_id)}/progress", JobProgress)

    def job_logs(self, job_id: str, *, limit: int | None = None) -> list[LogLine]:
        """The newest lines that the job has printed, oldest first."""
        path = f"/api/jobs/{path_segment(job_id)}/logs"
        return self._http.get(path, list[LogLine], limit=limit)

    def evaluate(
        self,
        run_id: str,
        *,
        data: str | None = None,
        split: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> JobEntry:
        """Start a job that scores the best model of a run, by default on its own test split.

        `params` are further parameters of the kind `evaluate`, such as modality and tta;
        `job_kinds` describes them.
        """
        options = {**(params or {}), **drop_none(run_id=run_id, data=data, split=split)}
        body = {"kind": "evaluate", "params": options}
        return self._http.post("/api/jobs", JobEntry, body)

    def evaluation_reports(self, job_id: str) -> list[str]:
        """Links to the reports that an evaluation job has written."""
        answer = self._http.get(MLFLOW_RUN_PATH, MlflowRunAnswer, run_id=job_id)
        return answer.report_links(self.address.url)

    def report(
        self,
        run_ids: Sequence[str],
        *,
        language: Language = Language.EN,
        store: bool = False,
        timeout_s: float = REPORT_TIMEOUT_S,
    ) -> ReportPage:
        """A report on one run, or on up to 200 that are compared; with `store`, it is kept in the first.

        Refused with status 409 if a run is deleted.
        """
        body = {"run_ids": list(run_ids), "language": language, "store": store}
        return self._http.post_report("/api/v1/runs/report", body, timeout_s=timeout_s)

    def job_kinds(self) -> list[JobKindEntry]:
        """The kinds of jobs that the server runs, with the parameters of each."""
        return self._http.get("/api/jobs/kinds", list[JobKindEntry])

    def create_job(
        self,
        recipe: str,
        *,
        data: str | None = None,
        dataset_id: int | None = None,
        base_model: str | None = None,
        base_model_id: int | None = None,
        config: Mapping[str, Any] | None = None,
        output_name: str | None = None,
        priority: int | None = None,
    ) -> JobEntry:
        """Create a training job of a recipe, or of a method such as lora; `start_job` starts it."""
        body = drop_none(
            type=recipe,
            data=data,
            dataset_id=dataset_id,
            base_model=base_model,
            base_model_id=base_model_id,
            config=config,
            output_name=output_name,
            priority=priority,
        )
        return self._http.post("/api/training/", JobEntry, body)

    def start_job(self, job_id: str) -> JobStarted:
        return self._http.post(f"/api/jobs/{path_segment(job_id)}/start", JobStarted)

    def cancel_job(
        self, job_id: str, *, timeout_s: float = ACKNOWLEDGEMENT_TIMEOUT_S
    ) -> JobCancelled:
        """Stop the job, which ends or never starts; a training saves first.

        Returns once the training has acknowledged, or after `timeout_s`: `acknowledged` says which.
        """
        path = f"/api/jobs/{path_segment(job_id)}/cancel"
        return self._http.post(
            path, JobCancelled, server_wait_s=timeout_s, timeout_s=str(timeout_s)
        )

    def resume_job(self, job_id: str) -> JobStarted:
        """Continue a training that was interrupted, failed or was stopped from its last checkpoint."""
        return self._http.post(f"/api/jobs/{path_segment(job_id)}/resume", JobStarted)

    def set_priority(self, job_id: str, priority: int) -> JobEntry:
        """Refused with status 409 if the job has begun."""
        path = f"/api/jobs/{path_segment(job_id)}"
        return self._http.patch(path, JobEntry, {"priority": priority})

    def queues(self) -> list[JobQueue]:
        """The jobs that run and that wait, for the GPUs and for the CPUs of the cluster."""
        return self._http.get("/api/jobs/queue", list[JobQueue])

    def alerts(
        self,
        *,
        run_id: str | None = None,
        condition: str | None = None,
        state: AlertState | None = None,
        level: AlertLevel | None = None,
        acknowledged: bool | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Listed[CriticalAlert]:
        """The alerts of all runs, or of one; the last one that changed comes first."""
        return self._http.get_page(
            "/api/alerts",
            list[CriticalAlert],
            run_id=run_id,
            condition=condition,
            state=state,
            level=level,
            acknowledged=acknowledged,
            limit=limit,
            offset=offset,
        )

    def alert(self, alert_id: str) -> CriticalAlert:
        return self._http.get(f"/api/alerts/{path_segment(alert_id)}", CriticalAlert)

    def alert_timeline(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[TimelineEntry]:
        """The changes of a run's alerts, newest first."""
        return self._http.get_page(
            "/api/alerts/timeline", list[TimelineEntry], run_id=run_id, limit=limit, offset=offset
        )

    def notifications(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[ShownNotification]:
        """The notifications about a run's alerts, newest first."""
        return self._http.get_page(
            "/api/alerts/notifications",
            list[ShownNotification],
            run_id=run_id,
            limit=limit,
            offset=offset,
        )

    def acknowledge(self, alert_id: str, *, note: str = "") -> CriticalAlert:
        """Acknowledge an alert; refused with status 409 if it is acknowledged already."""
        path = f"/api/alerts/acknowledge/{path_segment(alert_id)}"
        return self._http.post(path, CriticalAlert, {"note": note})

    def diagnosis_service(self) -> ServiceHealth:
        """The state of the diagnosis service, also while it is down."""
        return self._http.get("/api/v1/ai-grpc/health", ServiceHealth)

    def check_images(self, images: Sequence[Path]) -> UploadAnswer:
        """Decode images and check them, without a diagnosis."""
        path = "/api/v1/dicom/upload"
        return self._http.post_files(path, UploadAnswer, images, {}, timeout_s=DIAGNOSIS_TIMEOUT_S)

    def diagnose(
        self,
        images: Sequence[Path],
        *,
        laterality: Sequence[Laterality] = (),
        confidence_threshold: float | None = None,
        include_gradcam: bool = False,
        include_segmentation: bool = False,
        timeout_s: float = DIAGNOSIS_TIMEOUT_S,
    ) -> DiagnosisData:
        """One diagnosis from images of one patient; `laterality` has the side of each, or none."""
        form = _diagnosis_form(
            laterality, confidence_threshold, include_gradcam, include_segmentation
        )
        answer = self._http.post_files(
            "/api/v1/dicom/diagnose", DiagnosisAnswer, images, form, timeout_s=timeout_s
        )
        return answer.data

    def diagnose_batch(
        self,
        images: Sequence[Path],
        *,
        laterality: Sequence[Laterality] = (),
        confidence_threshold: float | None = None,
        include_gradcam: bool = False,
        include_segmentation: bool = False,
        timeout_s: float = DIAGNOSIS_TIMEOUT_S,
    ) -> list[DiagnosisData]:
        """A diagnosis of each image; one that cannot be diagnosed has an `error`."""
        form = _diagnosis_form(
            laterality, confidence_threshold, include_gradcam, include_segmentation
        )
        answer = self._http.post_files(
            "/api/v1/dicom/batch", BatchAnswer, images, form, timeout_s=timeout_s
        )
        return answer.data

    def give_feedback(
        self, request_id: str, verdict: Verdict, *, class_name: str | None = None, note: str = ""
    ) -> FeedbackEntry:
        """Agree with a diagnosis, or overrule it with the class that you see."""
        path = f"/api/v1/dicom/feedback/{path_segment(request_id)}"
        body = drop_none(verdict=verdict, class_name=class_name, note=note)
        return self._http.post(path, FeedbackEntry, body)

    def watch(
        self,
        run_id: str | None = None,
        *,
        give_up_after_s: float | None = None,
        on_link: Callable[[Link], None] = ignore_link,
    ) -> Messages:
        """Each message of the live stream once and in order, of all runs without `run_id`.

        A lost connection is opened again, until `give_up_after_s` have passed without one, or
        without limit. An `initial_state` that is not the first one replaces all earlier messages.
        To leave the stream before its end, use contextlib.closing.
        """
        return follow(
            LiveStream(self.address, run_id, give_up_after_s=give_up_after_s, on_link=on_link)
        )

    def _command(
        self, action: str, run_id: str | None, timeout_s: float, **options: bool
    ) -> ControlResponse:
        return self._http.post(
            f"/api/training/{action}",
            ControlResponse,
            {"timeout_s": timeout_s, **options},
            server_wait_s=timeout_s,
            run_id=run_id,
        )


def _diagnosis_form(
    laterality: Sequence[Laterality],
    confidence_threshold: float | None,
    include_gradcam: bool,
    include_segmentation: bool,
) -> dict[str, Any]:
    return drop_none(
        laterality=[side.value for side in laterality],
        confidence_threshold=confidence_threshold,
        include_gradcam=include_gradcam,
        include_segmentation=include_segmentation,
    )
