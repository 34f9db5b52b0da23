import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking_plugin.critical_conditions import (
    CRITICAL_FACTOR,
    MIN_SENSITIVITY,
    ConditionStatus,
    condition_status,
)

fractions = st.floats(0, 1)


@pytest.mark.parametrize(
    ("sensitivity", "expected"),
    [
        (1.0, ConditionStatus.OK),
        (0.99, ConditionStatus.OK),
        (0.9899, ConditionStatus.WARNING),
        (0.99 * CRITICAL_FACTOR, ConditionStatus.WARNING),
        (0.8909, ConditionStatus.CRITICAL),
        (0.0, ConditionStatus.CRITICAL),
    ],
)
def test_the_status_changes_at_the_threshold_and_at_nine_tenths_of_it(
    sensitivity: float, expected: ConditionStatus
) -> None:
    assert condition_status(sensitivity, 0.99) == expected


@given(fractions, fractions, fractions)
def test_a_higher_sensitivity_never_has_a_worse_status(
    one: float, other: float, threshold: float
) -> None:
    ranks = [ConditionStatus.CRITICAL, ConditionStatus.WARNING, ConditionStatus.OK]
    worse, better = sorted((one, other))
    assert ranks.index(condition_status(worse, threshold)) <= ranks.index(
        condition_status(better, threshold)
    )


def test_the_shipped_thresholds_are_read_only() -> None:
    with pytest.raises(TypeError):
        MIN_SENSITIVITY["RAO"] = 0.5  # type: ignore[index]
