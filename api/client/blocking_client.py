"""The Python client: a server's answers as typed values, its live stream, and control of trainings."""

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Self, TypeVar

import httpx

from api.alerts.schemas import AlertLevel, CriticalAlert, TimelineEntry
from api.alerts.state_machine import AlertState
from api.client import alert_requests, run_requests, training_requests
from api.client.live import Link, LiveStream, ignore_link
from api.client.live_connection import follow
from api.client.refusals import unreachable
from api.client.request import TIMEOUT_S, ApiRequest
from api.client.server_address import server_address
from api.client.training_requests import OBEY_TIMEOUT_S
from api.control.schemas import CommandEntry, ControlResponse
from api.jobs.log_lines import LogLine
from api.jobs.schemas import JobEntry, JobProgress, JobStarted, RecipeEntry, StartResponse
from api.live.messages import ServerMessage
from api.notify.schemas import ShownNotification
from api.pages import Listed
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

T = TypeVar("T")


class FoveaClient:
    """Asks the server at `url`, else at MLFLOW_TRACKING_URI, else on this machine.

    Without `run_id` the server picks the newest active run, else the newest. Every call raises an
    ApiError: RequestRefusedError, ServerUnreachableError or NotFoveaError.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.address = server_address(url, headers)
        self._timeout_s = timeout_s
        self._http = httpx.Client(base_url=self.address.url, headers=self.address.headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def health(self) -> Health:
        return self._ask(run_requests.health())

    def runs(
        self,
        *,
        experiment: str | None = None,
        status: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Listed[RunSummary]:
        question = run_requests.runs(
            experiment=experiment, status=status, limit=limit, offset=offset
        )
        return question.listed_in(self._answer(question))

    def latest(self, run_id: str | None = None) -> LatestMetrics:
        return self._ask(run_requests.latest(run_id))

    def history(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[MetricsSnapshot]:
        question = run_requests.history(run_id, limit=limit, offset=offset)
        return question.listed_in(self._answer(question))

    def performance(
        self, metric: str, run_id: str | None = None, *, limit: int | None = None
    ) -> Listed[PerformancePoint]:
        question = run_requests.performance(metric, run_id, limit=limit)
        return question.listed_in(self._answer(question))

    def epochs(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[EpochDetails]:
        question = run_requests.epochs(run_id, limit=limit, offset=offset)
        return question.listed_in(self._answer(question))

    def epoch(self, number: int, run_id: str | None = None) -> EpochDetails:
        return self._ask(run_requests.epoch(number, run_id))

    def compare_epochs(
        self, epochs: Sequence[int], metrics: Sequence[str] = (), run_id: str | None = None
    ) -> EpochComparison:
        return self._ask(run_requests.compare_epochs(epochs, metrics, run_id))

    def stats(self) -> SystemStats:
        """Of the server's own machine."""
        return self._ask(run_requests.stats())

    def recipes(self) -> list[RecipeEntry]:
        """What can be trained, and with which parameters."""
        return self._ask(training_requests.recipes())

    def start(
        self,
        recipe: str | None = None,
        *,
        data: str | None = None,
        params: Mapping[str, Any] | None = None,
        experiment_name: str | None = None,
        workers: int | None = None,
    ) -> StartResponse:
        """Begin a training; what is not drop_none is the server's choice. Its run exists when this returns."""
        return self._ask(
            training_requests.start(
                recipe=recipe,
                data=data,
                params=params,
                experiment_name=experiment_name,
                workers=workers,
            )
        )

    def pause(
        self,
        run_id: str | None = None,
        *,
        release: bool = False,
        timeout_s: float = OBEY_TIMEOUT_S,
    ) -> ControlResponse:
        """Hold the run, or with `release` have it give its accelerators back.

        Returns once all its ranks have, or after `timeout_s`: `acknowledged` says which.
        """
        return self._ask(training_requests.pause(run_id, release=release, timeout_s=timeout_s))

    def resume(
        self, run_id: str | None = None, *, timeout_s: float = OBEY_TIMEOUT_S
    ) -> ControlResponse:
        return self._ask(training_requests.resume(run_id, timeout_s=timeout_s))

    def stop(
        self, run_id: str | None = None, *, timeout_s: float = OBEY_TIMEOUT_S
    ) -> ControlResponse:
        """End the run, which finishes its step and saves first."""
        return self._ask(training_requests.stop(run_id, timeout_s=timeout_s))

    def commands(
        self, run_id: str, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[CommandEntry]:
        """Who has told the run what, and what came of it; newest first."""
        question = training_requests.commands(run_id, limit=limit, offset=offset)
        return question.listed_in(self._answer(question))

    def jobs(self, *, limit: int | None = None, offset: int | None = None) -> Listed[JobEntry]:
        question = training_requests.jobs(limit=limit, offset=offset)
        return question.listed_in(self._answer(question))

    def job(self, job_id: str) -> JobEntry:
        return self._ask(training_requests.job(job_id))

    def job_progress(self, job_id: str) -> JobProgress:
        return self._ask(training_requests.job_progress(job_id))

    def job_logs(self, job_id: str, *, limit: int | None = None) -> list[LogLine]:
        """The newest lines that the job has printed, oldest first."""
        return self._ask(training_requests.job_logs(job_id, limit=limit))

    def create_job(
        self,
        recipe: str,
        *,
        data: str | None = None,
        base_model: str | None = None,
        config: Mapping[str, Any] | None = None,
        output_name: str | None = None,
    ) -> JobEntry:
        """A job that `start_job` begins."""
        return self._ask(
            training_requests.create_job(
                recipe, data=data, base_model=base_model, config=config, output_name=output_name
            )
        )

    def start_job(self, job_id: str) -> JobStarted:
        return self._ask(training_requests.start_job(job_id))

    def cancel_job(self, job_id: str) -> JobEntry:
        """Stop the job: it saves and ends, or never begins."""
        return self._ask(training_requests.cancel_job(job_id))

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
        """Of all runs, the newest change first."""
        question = alert_requests.alerts(
            run_id=run_id,
            condition=condition,
            state=state,
            level=level,
            acknowledged=acknowledged,
            limit=limit,
            offset=offset,
        )
        return question.listed_in(self._answer(question))

    def alert(self, alert_id: str) -> CriticalAlert:
        return self._ask(alert_requests.alert(alert_id))

    def alert_timeline(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[TimelineEntry]:
        """What became of a run's alerts, newest first."""
        question = alert_requests.timeline(run_id, limit=limit, offset=offset)
        return question.listed_in(self._answer(question))

    def notifications(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[ShownNotification]:
        """What services were told of alerts, newest first."""
        question = alert_requests.notifications(run_id, limit=limit, offset=offset)
        return question.listed_in(self._answer(question))

    def acknowledge(self, alert_id: str, *, note: str = "") -> CriticalAlert:
        """Put on record that somebody has seen it; 409 where somebody was quicker."""
        return self._ask(alert_requests.acknowledge(alert_id, note))

    def watch(
        self,
        run_id: str | None = None,
        *,
        give_up_after_s: float | None = None,
        on_link: Callable[[Link], None] = ignore_link,
    ) -> Generator[ServerMessage, None, None]:
        """Each message of the live stream once and in order, of all runs without `run_id`.

        Connections that are lost are opened again, for ever or until none has come about for
        `give_up_after_s`. An `initial_state` that is not the first replaces what was known.
        """
        return follow(
            LiveStream(self.address, run_id, give_up_after_s=give_up_after_s, on_link=on_link)
        )

    def _ask(self, question: ApiRequest[T]) -> T:
        return question.answer_in(self._answer(question))

    def _answer(self, question: ApiRequest[T]) -> httpx.Response:
        try:
            return self._http.request(
                question.method,
                question.path,
                params=question.query,
                json=question.body,
                timeout=self._timeout_s + question.waits_s,
            )
        except httpx.RequestError as error:
            raise unreachable(self.address, error) from error
