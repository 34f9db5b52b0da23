"""DataWait: the fraction of the training time that a device waits for data."""

import pytest
import torch

from training import data_wait as module
from training.data_wait import NUM_STEPS, DataWait


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Its only value is the time in seconds."""
    now = [0.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: now[0])
    return now


def steps(wait: DataWait, clock: list[float], number: int, wait_s: float, step_s: float) -> None:
    for _ in range(number):
        wait.begin()
        clock[0] += wait_s
        wait.end()
        clock[0] += step_s - wait_s
        wait.end_step(step_s)


def test_the_fraction_is_of_the_newest_steps(clock: list[float]) -> None:
    wait = DataWait(torch.device("cpu"))
    assert wait.fraction == 0
    steps(wait, clock, NUM_STEPS, wait_s=0.25, step_s=1.0)
    assert wait.fraction == pytest.approx(0.25)
    steps(wait, clock, NUM_STEPS // 2, wait_s=0.75, step_s=1.0)
    assert wait.fraction == pytest.approx(0.5)
    steps(wait, clock, NUM_STEPS, wait_s=0.0, step_s=1.0)
    assert wait.fraction == pytest.approx(0.0)


def test_skipped_time_between_two_steps_does_not_count(clock: list[float]) -> None:
    wait = DataWait(torch.device("cpu"))
    steps(wait, clock, 10, wait_s=0.1, step_s=1.0)
    clock[0] += 1000
    wait.skip_gap()
    steps(wait, clock, 10, wait_s=0.1, step_s=1.0)
    assert wait.fraction == pytest.approx(0.1)


class FakeEvent:
    """An event of a device whose time is that of the clock."""

    clock: list[float]

    def __init__(self, *, enable_timing: bool) -> None:
        assert enable_timing

    def record(self) -> None:
        self.at_s = self.clock[0]

    def query(self) -> bool:
        return True

    def elapsed_time(self, end: "FakeEvent") -> float:
        """In milliseconds, like torch's."""
        return (end.at_s - self.at_s) * 1000


def test_on_a_gpu_the_idle_time_between_steps_counts(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeEvent.clock = clock
    monkeypatch.setattr(torch.cuda, "Event", FakeEvent)
    wait = DataWait(torch.device("cuda"))
    steps(wait, clock, 11, wait_s=0.5, step_s=1.0)
    assert wait.fraction == pytest.approx(10 * 0.5 / 11)
    clock[0] += 1000
    wait.skip_gap()
    steps(wait, clock, 1, wait_s=0.5, step_s=1.0)
    assert wait.fraction == pytest.approx(10 * 0.5 / 12)
