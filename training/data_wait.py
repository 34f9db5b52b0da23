"""Measures the fraction of the training time in which a rank's device waits for data."""

import time
from collections import deque

import torch

NUM_STEPS = 50
"""Loaders deliver in bursts, so the fraction is taken over several steps."""


class DataWait:
    """Measures one rank.

    On a GPU the device's idle time between two steps counts, not the host's wait: while the GPU
    computes, the host may wait for the next batch without slowing the training.
    """

    def __init__(self, device: torch.device) -> None:
        self._is_cuda = device.type == "cuda"
        self._wait_s: deque[float] = deque(maxlen=NUM_STEPS)
        self._step_s: deque[float] = deque(maxlen=NUM_STEPS)
        self._begin_s = 0.0
        self._last_step_end: torch.cuda.Event | None = None
        self._unread_gaps: deque[tuple[torch.cuda.Event, torch.cuda.Event]] = deque()

    @property
    def fraction(self) -> float:
        """The fraction over the newest NUM_STEPS steps; 0 before the first step."""
        return min(1.0, sum(self._wait_s) / max(sum(self._step_s), 1e-9))

    def begin(self) -> None:
        """The rank requests its next batch."""
        self._begin_s = time.perf_counter()

    def end(self) -> None:
        """The batch is there."""
        if not self._is_cuda:
            self._wait_s.append(time.perf_counter() - self._begin_s)
        elif self._last_step_end is not None:
            self._unread_gaps.append((self._last_step_end, _recorded_event()))

    def end_step(self, seconds: float) -> None:
        """The step that used the batch has taken `seconds`."""
        self._step_s.append(seconds)
        if self._is_cuda:
            self._last_step_end = _recorded_event()
            while self._unread_gaps and self._unread_gaps[0][1].query():
                before, after = self._unread_gaps.popleft()
                self._wait_s.append(before.elapsed_time(after) / 1000)

    def skip_gap(self) -> None:
        """Do not count the time since the last step, which was spent on something else than data."""
        self._last_step_end = None


def _recorded_event() -> torch.cuda.Event:
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event
