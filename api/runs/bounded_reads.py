"""Runs blocking reads with a deadline, and few at once: a store that hangs costs no thread of the routes."""

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from api.errors import UnavailableError

T = TypeVar("T")


class BoundedReads:
    """A read that misses its deadline goes on in its thread, and counts until it ends."""

    def __init__(
        self,
        *,
        max_in_progress: int,
        deadline_s: float,
        reads: str = "reads",
        missed: str = "There was no answer",
    ) -> None:
        """Messages call them `reads`, and begin with `missed` after the deadline."""
        self._free = threading.BoundedSemaphore(max_in_progress)
        self._deadline_s = deadline_s
        self._reads = reads
        self._missed = missed

    def run(self, read: Callable[[], T]) -> T:
        """The result of `read`. Raises UnavailableError if it takes too long, or too many others do."""
        if not self._free.acquire(blocking=False):
            raise UnavailableError(f"Too many {self._reads} are in progress: try again later")
        result: Future[T] = Future()
        context = contextvars.copy_context()
        # A thread of a pool would keep the server from ending.
        threading.Thread(
            target=context.run,
            args=(self._read, read, result),
            name="fovea-read",
            daemon=True,
        ).start()
        try:
            return result.result(self._deadline_s)
        except TimeoutError:
            raise UnavailableError(f"{self._missed} within {self._deadline_s:.0f} s") from None

    def _read(self, read: Callable[[], T], result: "Future[T]") -> None:
        try:
            result.set_result(read())
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
            result.set_exception(error)
        finally:
            self._free.release()
