"""The learning rate of each step."""

import pytest

from training.recipes.schedule import ScheduleKind, build_schedule


@pytest.mark.parametrize(
    ("kind", "after_warmup"),
    [
        (ScheduleKind.CONSTANT, [1.0, 1.0, 1.0, 1.0, 1.0]),
        (ScheduleKind.LINEAR, [1.0, 0.775, 0.55, 0.325, 0.1]),
        (ScheduleKind.COSINE, [1.0, 0.868198, 0.55, 0.231802, 0.1]),
    ],
)
def test_it_rises_to_its_peak_and_then_takes_its_form(
    kind: ScheduleKind, after_warmup: list[float]
) -> None:
    schedule = build_schedule(kind, peak=1.0, minimum=0.1, warmup_steps=4, total_steps=8)
    assert [schedule(step) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert [schedule(step) for step in range(4, 9)] == pytest.approx(after_warmup, abs=1e-6)
    assert schedule(1_000) == schedule(8)
    assert schedule.peak == 1.0


@pytest.mark.parametrize("kind", ScheduleKind)
def test_without_a_warm_up_it_begins_at_its_peak(kind: ScheduleKind) -> None:
    schedule = build_schedule(kind, peak=0.3, minimum=0.0, warmup_steps=0, total_steps=10)
    assert schedule(0) == 0.3
