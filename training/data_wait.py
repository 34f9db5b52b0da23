"""How much of a training's time its device waits for data."""

import time
from collections import deque

import torch

NUM_STEPS = 50
"""Loaders deliver in bursts, so that one step says nothing."""


class DataWait:
    """Of this rank.

    On a GPU its idle time between two steps counts: while it works, the host may wait for the next
    batch at no cost.
    """

    def __init__(self, device: torch.device) -> None:
        self._is_cuda = device.type == "cuda"
        self._waited_s: deque[float] = deque(maxlen=NUM_STEPS)
        self._step_s: deque[float] = deque(maxlen=NUM_STEPS)
        self._asked_s = 0.0
        self._last_end: torch.cuda.Event | None = None
        self._gaps: deque[tuple[torch.cuda.Event, torch.cuda.Event]] = deque()

    @property
    def fraction(self) -> float:
        """Of the newest NUM_STEPS steps; 0 before the first."""
        return min(1.0, sum(self._waited_s) / max(sum(self._step_s), 1e-9))

    def ask(self) -> None:
        """The next batch is asked for."""
        self._asked_s = time.perf_counter()

    def arrive(self) -> None:
        """It is there."""
        if not self._is_cuda:
            self._waited_s.append(time.perf_counter() - self._asked_s)
        elif self._last_end is not None:
            self._gaps.append((self._last_end, _recorded()))

    def end_step(self, seconds: float) -> None:
        """The step that the batch was for has taken so long."""
        self._step_s.append(seconds)
        if self._is_cuda:
            self._last_end = _recorded()
            while self._gaps and self._gaps[0][1].query():
                before, after = self._gaps.popleft()
                self._waited_s.append(before.elapsed_time(after) / 1000)

    def interrupt(self) -> None:
        """What comes between the last step and the next is no waiting for data."""
        self._last_end = None


def _recorded() -> torch.cuda.Event:
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event
