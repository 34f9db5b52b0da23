"""Keeps runs apart: work on one run that fails is logged and counted, and the other runs go on."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from api.errors import UnavailableError
from api.timestamps import unix_ms

T = TypeVar("T")

logger = logging.getLogger(__name__)

MAX_FAILING_RUNS = 20
"""The runs that failed most recently are shown; `num` counts the failures of all."""


@dataclass(frozen=True, kw_only=True)
class RunFailure:
    """The newest failure of one run, without the error's text, which may quote what was logged."""

    run_id: str
    work: str
    error: str
    num: int
    at_ms: int


class RunFailures:
    """One per process. Each loop over several runs uses `each` or `isolated`."""

    def __init__(self) -> None:
        self.num = 0
        self._newest: OrderedDict[str, RunFailure] = OrderedDict()
        self._lock = threading.Lock()

    def newest(self) -> list[RunFailure]:
        """The last failure of each of the runs that failed most recently, newest first."""
        with self._lock:
            return list(reversed(self._newest.values()))

    @contextmanager
    def isolated(self, run_id: str, work: str) -> Iterator[None]:
        """Count an error of the block instead of raising it. `work` is a phrase: "Marking silent runs"."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever one run causes must not reach the others
            self.add(run_id, work, error)

    async def each(
        self,
        work: str,
        items: Iterable[T],
        run_id_of: Callable[[T], str],
        do: Callable[[T], Awaitable[None]],
    ) -> None:
        """Do the work for each item by itself.

        Raises UnavailableError if it was the error of every item: then the store fails, not a run.
        """
        unavailable: UnavailableError | None = None
        num_items = num_unavailable = 0
        for item in items:
            num_items += 1
            try:
                await do(item)
            except Exception as error:  # noqa: BLE001 - see isolated
                self.add(run_id_of(item), work, error)
                if isinstance(error, UnavailableError):
                    unavailable, num_unavailable = error, num_unavailable + 1
        if unavailable is not None and num_unavailable == num_items:
            raise unavailable

    def add(self, run_id: str, work: str, error: BaseException) -> None:
        with self._lock:
            self.num += 1
            before = self._newest.pop(run_id, None)
            self._newest[run_id] = RunFailure(
                run_id=run_id,
                work=work,
                error=type(error).__name__,
                num=1 if before is None else before.num + 1,
                at_ms=unix_ms(),
            )
            while len(self._newest) > MAX_FAILING_RUNS:
                self._newest.popitem(last=False)
        logger.warning(
            "%s failed for the run %s (%s); other runs are not affected",
            *(work, run_id, type(error).__name__),
            exc_info=error if before is None and not isinstance(error, UnavailableError) else None,
        )
