"""The level of a line of a log, read from the line itself."""

import pytest

from api.jobs.log_lines import LogLevel, log_level


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("epoch 1  step 12/42  loss 2.939", LogLevel.INFO),
        ("2026-11-21 11:21:00,013\tINFO job_manager.py:581 -- up", LogLevel.INFO),
        ("(RayTrainWorker pid=821) WARNING: slow", LogLevel.WARNING),
        ("(pid=1) ERROR lost", LogLevel.ERROR),
        ("CRITICAL: gone", LogLevel.CRITICAL),
        ("DEBUG x", LogLevel.DEBUG),
        ("Traceback (most recent call last):", LogLevel.ERROR),
        ("ValueError: no", LogLevel.ERROR),
        ("INFORMATION and ERRORS are words of their own", LogLevel.INFO),
        ("x" * 500 + " ERROR", LogLevel.INFO),
        ("", LogLevel.INFO),
    ],
)
def test_the_level_is_read_from_the_beginning_of_the_line(line: str, level: LogLevel) -> None:
    assert log_level(line) is level
