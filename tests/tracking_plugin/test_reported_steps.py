"""Steps that cannot be true are left out of the reports, and the training goes on."""

import logging

import pytest

from tracking_plugin.control_messages import MAX_STEP
from tracking_plugin.reported_steps import ReportedSteps


def test_rising_steps_are_reported() -> None:
    steps = ReportedSteps()

    assert [steps.checked(step) for step in (0, 0, 7, None, MAX_STEP)] == [0, 0, 7, None, MAX_STEP]


@pytest.mark.parametrize("step", [-1, 6, MAX_STEP + 1])
def test_another_step_is_left_out_with_one_warning(
    caplog: pytest.LogCaptureFixture, step: int
) -> None:
    steps = ReportedSteps()
    steps.checked(7)
    with caplog.at_level(logging.WARNING):
        assert [steps.checked(step), steps.checked(step), steps.checked(8)] == [None, None, 8]

    assert caplog.text.count("count them over all epochs") == 1
