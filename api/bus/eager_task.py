"""Runs a coroutine immediately up to its first wait, and the rest as a task."""

import asyncio
from collections.abc import Coroutine, Generator
from types import TracebackType
from typing import Any


def start_eagerly(work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Run `work` until it first waits. Returns None if it finished, else a task for the rest.

    Creating a task for each of a thousand sockets costs more than writing to them, and a write
    that does not wait takes place before anything that the event loop runs next.
    """
    try:
        waited_for = work.send(None)
    except StopIteration:
        return None
    return resume(work, waited_for)


def resume(work: Coroutine[Any, Any, None], waited_for: Any) -> asyncio.Task[None]:
    """A task for the rest of `work`, whose first `send` returned `waited_for`."""
    return asyncio.get_running_loop().create_task(_Remainder(work, waited_for))


class _Remainder(Coroutine[Any, Any, None]):
    """The rest of `work`, which waits for `waited_for`.

    A coroutine function would not do: it is never entered if its task is cancelled before the first
    step, so that `work` would not be cancelled.
    """

    def __init__(self, work: Coroutine[Any, Any, None], waited_for: Any) -> None:
        self._work = work
        self._waited_for = [waited_for]

    def send(self, value: Any) -> Any:
        return self._waited_for.pop() if self._waited_for else self._work.send(value)

    def throw(self, kind: Any, value: Any = None, traceback: TracebackType | None = None, /) -> Any:
        self._waited_for.clear()
        return self._work.throw(kind if value is None else value)

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, None]:
        return self._work.__await__()
