"""The Python client for asyncio: each question is asked as the blocking one asks it."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Self, TypeVar

import httpx

from api.alerts.schemas import AlertLevel, CriticalAlert, TimelineEntry
from api.alerts.state_machine import AlertState
from api.client import alert_requests, run_requests, training_requests
from api.client.live import Link, LiveStream, ignore_link
from api.client.live_connection import follow_async
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


class AsyncFoveaClient:
    """FoveaClient for asyncio; its methods are described there."""

    def __init__(
        self,
        url: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.address = server_address(url, headers)
        self._timeout_s = timeout_s
        self._http = httpx.AsyncClient(base_url=self.address.url, headers=self.address.headers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def health(self) -> Health:
        return await self._ask(run_requests.health())

    async def runs(
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
        return question.listed_in(await self._answer(question))

    async def latest(self, run_id: str | None = None) -> LatestMetrics:
        return await self._ask(run_requests.latest(run_id))

    async def history(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[MetricsSnapshot]:
        question = run_requests.history(run_id, limit=limit, offset=offset)
        return question.listed_in(await self._answer(question))

    async def performance(
        self, metric: str, run_id: str | None = None, *, limit: int | None = None
    ) -> Listed[PerformancePoint]:
        question = run_requests.performance(metric, run_id, limit=limit)
        return question.listed_in(await self._answer(question))

    async def epochs(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[EpochDetails]:
        question = run_requests.epochs(run_id, limit=limit, offset=offset)
        return question.listed_in(await self._answer(question))

    async def epoch(self, number: int, run_id: str | None = None) -> EpochDetails:
        return await self._ask(run_requests.epoch(number, run_id))

    async def compare_epochs(
        self, epochs: Sequence[int], metrics: Sequence[str] = (), run_id: str | None = None
    ) -> EpochComparison:
        return await self._ask(run_requests.compare_epochs(epochs, metrics, run_id))

    async def stats(self) -> SystemStats:
        return await self._ask(run_requests.stats())

    async def recipes(self) -> list[RecipeEntry]:
        return await self._ask(training_requests.recipes())

    async def start(
        self,
        recipe: str | None = None,
        *,
        data: str | None = None,
        params: Mapping[str, Any] | None = None,
        experiment_name: str | None = None,
        workers: int | None = None,
    ) -> StartResponse:
        return await self._ask(
            training_requests.start(
                recipe=recipe,
                data=data,
                params=params,
                experiment_name=experiment_name,
                workers=workers,
            )
        )

    async def pause(
        self,
        run_id: str | None = None,
        *,
        release: bool = False,
        timeout_s: float = OBEY_TIMEOUT_S,
    ) -> ControlResponse:
        return await self._ask(
            training_requests.pause(run_id, release=release, timeout_s=timeout_s)
        )

    async def resume(
        self, run_id: str | None = None, *, timeout_s: float = OBEY_TIMEOUT_S
    ) -> ControlResponse:
        return await self._ask(training_requests.resume(run_id, timeout_s=timeout_s))

    async def stop(
        self, run_id: str | None = None, *, timeout_s: float = OBEY_TIMEOUT_S
    ) -> ControlResponse:
        return await self._ask(training_requests.stop(run_id, timeout_s=timeout_s))

    async def commands(
        self, run_id: str, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[CommandEntry]:
        question = training_requests.commands(run_id, limit=limit, offset=offset)
        return question.listed_in(await self._answer(question))

    async def jobs(
        self, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[JobEntry]:
        question = training_requests.jobs(limit=limit, offset=offset)
        return question.listed_in(await self._answer(question))

    async def job(self, job_id: str) -> JobEntry:
        return await self._ask(training_requests.job(job_id))

    async def job_progress(self, job_id: str) -> JobProgress:
        return await self._ask(training_requests.job_progress(job_id))

    async def job_logs(self, job_id: str, *, limit: int | None = None) -> list[LogLine]:
        return await self._ask(training_requests.job_logs(job_id, limit=limit))

    async def create_job(
        self,
        recipe: str,
        *,
        data: str | None = None,
        base_model: str | None = None,
        config: Mapping[str, Any] | None = None,
        output_name: str | None = None,
    ) -> JobEntry:
        return await self._ask(
            training_requests.create_job(
                recipe, data=data, base_model=base_model, config=config, output_name=output_name
            )
        )

    async def start_job(self, job_id: str) -> JobStarted:
        return await self._ask(training_requests.start_job(job_id))

    async def cancel_job(self, job_id: str) -> JobEntry:
        return await self._ask(training_requests.cancel_job(job_id))

    async def alerts(
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
        question = alert_requests.alerts(
            run_id=run_id,
            condition=condition,
            state=state,
            level=level,
            acknowledged=acknowledged,
            limit=limit,
            offset=offset,
        )
        return question.listed_in(await self._answer(question))

    async def alert(self, alert_id: str) -> CriticalAlert:
        return await self._ask(alert_requests.alert(alert_id))

    async def alert_timeline(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[TimelineEntry]:
        question = alert_requests.timeline(run_id, limit=limit, offset=offset)
        return question.listed_in(await self._answer(question))

    async def notifications(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[ShownNotification]:
        question = alert_requests.notifications(run_id, limit=limit, offset=offset)
        return question.listed_in(await self._answer(question))

    async def acknowledge(self, alert_id: str, *, note: str = "") -> CriticalAlert:
        return await self._ask(alert_requests.acknowledge(alert_id, note))

    def watch(
        self,
        run_id: str | None = None,
        *,
        give_up_after_s: float | None = None,
        on_link: Callable[[Link], None] = ignore_link,
    ) -> AsyncGenerator[ServerMessage, None]:
        """As FoveaClient.watch; contextlib.aclosing ends it where it is left early."""
        return follow_async(
            LiveStream(self.address, run_id, give_up_after_s=give_up_after_s, on_link=on_link)
        )

    async def _ask(self, question: ApiRequest[T]) -> T:
        return question.answer_in(await self._answer(question))

    async def _answer(self, question: ApiRequest[T]) -> httpx.Response:
        try:
            return await self._http.request(
                question.method,
                question.path,
                params=question.query,
                json=question.body,
                timeout=self._timeout_s + question.waits_s,
            )
        except httpx.RequestError as error:
            raise unreachable(self.address, error) from error
