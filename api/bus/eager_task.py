"""Coroutines that are run at once, as far as they come without waiting."""

import asyncio
from collections.abc import Coroutine, Generator
from types import TracebackType
from typing import Any


def start_eagerly(work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Run `work` until it first waits: None where it never did, else a task that does the rest.

    A task for each of a thousand sockets costs more than the sending itself, and a write that
    does not have to wait keeps its place before whatever the event loop runs next.
    """
    try:
        waited_for = work.send(None)
    except StopIteration:
        return None
    return go_on(work, waited_for)


def go_on(work: Coroutine[Any, Any, None], waited_for: Any) -> asyncio.Task[None]:
    """A task that does the rest of `work`, whose first `send` gave `waited_for`."""
    return asyncio.get_running_loop().create_task(_Rest(work, waited_for))


class _Rest(Coroutine[Any, Any, None]):
    """What is left of `work`, which waits for `waited_for`.

    No coroutine function would do: one whose task is cancelled before it has begun is never
    entered, and `work` would not learn of it.
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
