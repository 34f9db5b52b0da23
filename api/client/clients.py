"""The Python client: a server's answers as typed values, blocking and asynchronous, and its live stream."""

import re
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from typing import Self, TypeVar

import httpx

from api.client import questions
from api.client.live import Link, LiveStream
from api.client.live_connection import follow, follow_async
from api.client.questions import Question
from api.client.refusals import ServerUnreachableError
from api.client.server_address import ServerAddress, server_address
from api.messages import ServerMessage
from api.reading.pages import Listed
from api.schemas import MetricsSnapshot, PerformancePoint
from api.schemas_runs import EpochComparison, EpochDetails, LatestMetrics, RunSummary
from api.schemas_server import Health
from api.stats import SystemStats

T = TypeVar("T")

TIMEOUT_S = 30.0


def _ignore(link: Link) -> None:
    """For those who do not ask whether the stream is live."""


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
        self._http = httpx.Client(
            base_url=self.address.url, headers=self.address.headers, timeout=timeout_s
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def health(self) -> Health:
        return self._ask(questions.health())

    def runs(
        self,
        *,
        experiment: str | None = None,
        status: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Listed[RunSummary]:
        question = questions.runs(experiment=experiment, status=status, limit=limit, offset=offset)
        return question.listed_in(self._get(question))

    def latest(self, run_id: str | None = None) -> LatestMetrics:
        return self._ask(questions.latest(run_id))

    def history(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[MetricsSnapshot]:
        question = questions.history(run_id, limit=limit, offset=offset)
        return question.listed_in(self._get(question))

    def performance(
        self, metric: str, run_id: str | None = None, *, limit: int | None = None
    ) -> Listed[PerformancePoint]:
        question = questions.performance(metric, run_id, limit=limit)
        return question.listed_in(self._get(question))

    def epochs(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[EpochDetails]:
        question = questions.epochs(run_id, limit=limit, offset=offset)
        return question.listed_in(self._get(question))

    def epoch(self, number: int, run_id: str | None = None) -> EpochDetails:
        return self._ask(questions.epoch(number, run_id))

    def compare_epochs(
        self, epochs: Sequence[int], metrics: Sequence[str] = (), run_id: str | None = None
    ) -> EpochComparison:
        return self._ask(questions.compare_epochs(epochs, metrics, run_id))

    def stats(self) -> SystemStats:
        """Of the server's own machine."""
        return self._ask(questions.stats())

    def watch(
        self,
        run_id: str | None = None,
        *,
        give_up_after_s: float | None = None,
        on_link: Callable[[Link], None] = _ignore,
    ) -> Generator[ServerMessage, None, None]:
        """Each message of the live stream once and in order, of all runs without `run_id`.

        Connections that are lost are opened again, for ever or until none has come about for
        `give_up_after_s`. An `initial_state` that is not the first replaces what was known.
        """
        return follow(
            LiveStream(self.address, run_id, give_up_after_s=give_up_after_s, on_link=on_link)
        )

    def _ask(self, question: Question[T]) -> T:
        return question.answer_in(self._get(question))

    def _get(self, question: Question[T]) -> httpx.Response:
        try:
            return self._http.get(question.path, params=question.query)
        except httpx.RequestError as error:
            raise _unreachable(self.address, error) from error


class AsyncFoveaClient:
    """FoveaClient for asyncio."""

    def __init__(
        self,
        url: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.address = server_address(url, headers)
        self._http = httpx.AsyncClient(
            base_url=self.address.url, headers=self.address.headers, timeout=timeout_s
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def health(self) -> Health:
        return await self._ask(questions.health())

    async def runs(
        self,
        *,
        experiment: str | None = None,
        status: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Listed[RunSummary]:
        question = questions.runs(experiment=experiment, status=status, limit=limit, offset=offset)
        return question.listed_in(await self._get(question))

    async def latest(self, run_id: str | None = None) -> LatestMetrics:
        return await self._ask(questions.latest(run_id))

    async def history(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[MetricsSnapshot]:
        question = questions.history(run_id, limit=limit, offset=offset)
        return question.listed_in(await self._get(question))

    async def performance(
        self, metric: str, run_id: str | None = None, *, limit: int | None = None
    ) -> Listed[PerformancePoint]:
        question = questions.performance(metric, run_id, limit=limit)
        return question.listed_in(await self._get(question))

    async def epochs(
        self, run_id: str | None = None, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[EpochDetails]:
        question = questions.epochs(run_id, limit=limit, offset=offset)
        return question.listed_in(await self._get(question))

    async def epoch(self, number: int, run_id: str | None = None) -> EpochDetails:
        return await self._ask(questions.epoch(number, run_id))

    async def compare_epochs(
        self, epochs: Sequence[int], metrics: Sequence[str] = (), run_id: str | None = None
    ) -> EpochComparison:
        return await self._ask(questions.compare_epochs(epochs, metrics, run_id))

    async def stats(self) -> SystemStats:
        return await self._ask(questions.stats())

    def watch(
        self,
        run_id: str | None = None,
        *,
        give_up_after_s: float | None = None,
        on_link: Callable[[Link], None] = _ignore,
    ) -> AsyncGenerator[ServerMessage, None]:
        """As FoveaClient.watch; contextlib.aclosing ends it where it is left early."""
        return follow_async(
            LiveStream(self.address, run_id, give_up_after_s=give_up_after_s, on_link=on_link)
        )

    async def _ask(self, question: Question[T]) -> T:
        return question.answer_in(await self._get(question))

    async def _get(self, question: Question[T]) -> httpx.Response:
        try:
            return await self._http.get(question.path, params=question.query)
        except httpx.RequestError as error:
            raise _unreachable(self.address, error) from error


def _unreachable(address: ServerAddress, error: httpx.RequestError) -> ServerUnreachableError:
    is_late = isinstance(error, httpx.TimeoutException)
    reason = "not in time" if is_late else re.sub(r"^\[Errno -?\d+\] ", "", str(error))
    return ServerUnreachableError(
        f"No server answers at {address.url} ({reason or type(error).__name__}): "
        "`fovea serve` starts one, --url or MLFLOW_TRACKING_URI names another"
    )
