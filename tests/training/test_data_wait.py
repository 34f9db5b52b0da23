"""The share of a training's time that goes into waiting for data."""

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


def steps(wait: DataWait, clock: list[float], number: int, waited_s: float, step_s: float) -> None:
    for _ in range(number):
        wait.ask()
        clock[0] += waited_s
        wait.arrive()
        clock[0] += step_s - waited_s
        wait.end_step(step_s)


def test_it_is_the_share_of_the_newest_steps(clock: list[float]) -> None:
    wait = DataWait(torch.device("cpu"))
    assert wait.fraction == 0
    steps(wait, clock, NUM_STEPS, waited_s=0.25, step_s=1.0)
    assert wait.fraction == pytest.approx(0.25)
    steps(wait, clock, NUM_STEPS // 2, waited_s=0.75, step_s=1.0)
    assert wait.fraction == pytest.approx(0.5)
    steps(wait, clock, NUM_STEPS, waited_s=0.0, step_s=1.0)
    assert wait.fraction == pytest.approx(0.0)


def test_what_comes_between_two_steps_is_no_waiting(clock: list[float]) -> None:
    wait = DataWait(torch.device("cpu"))
    steps(wait, clock, 10, waited_s=0.1, step_s=1.0)
    clock[0] += 1000
    wait.interrupt()
    steps(wait, clock, 10, waited_s=0.1, step_s=1.0)
    assert wait.fraction == pytest.approx(0.1)


class FakeEvent:
    """Of a device whose time is that of the clock."""

    clock: list[float]

    def __init__(self, *, enable_timing: bool) -> None:
        assert enable_timing

    def record(self) -> None:
        self.at_s = self.clock[0]

    def query(self) -> bool:
        return True

    def elapsed_time(self, end: "FakeEvent") -> float:
        """In milliseconds, as torch's."""
        return (end.at_s - self.at_s) * 1000


def test_on_a_gpu_its_idle_time_between_steps_counts(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeEvent.clock = clock
    monkeypatch.setattr(torch.cuda, "Event", FakeEvent)
    wait = DataWait(torch.device("cuda"))
    steps(wait, clock, 11, waited_s=0.5, step_s=1.0)
    assert wait.fraction == pytest.approx(10 * 0.5 / 11)
    clock[0] += 1000
    wait.interrupt()
    steps(wait, clock, 1, waited_s=0.5, step_s=1.0)
    assert wait.fraction == pytest.approx(10 * 0.5 / 12)
