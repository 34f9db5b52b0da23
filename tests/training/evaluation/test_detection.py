import pytest

from training.evaluation.detection import Proportion, Verdict, detection, verdict_on_floor

CONFUSION = [[8, 1, 1], [0, 6, 4], [5, 3, 2]]


def test_the_four_counts_of_a_group_cover_every_sample() -> None:
    found = detection(CONFUSION, [1, 2])
    assert (found.hits, found.misses) == (15, 5)
    assert (found.false_alarms, found.correct_rejections) == (2, 8)
    assert found.sensitivity == Proportion(15, 20)
    assert found.specificity == Proportion(8, 10)
    assert found.precision == Proportion(15, 17)
    assert found.f1 == pytest.approx(2 * 15 / (20 + 17))


def test_without_samples_every_proportion_is_undefined() -> None:
    found = detection([[0, 0], [0, 3]], [0])
    assert found.sensitivity.share is None
    assert found.sensitivity.interval is None
    assert found.precision.share is None
    assert found.f1 is None
    assert found.specificity.share == 1.0


@pytest.mark.parametrize(
    ("hits", "support", "floor", "verdict"),
    [
        (381, 381, 0.99, Verdict.MEETS_FLOOR),
        (380, 380, 0.99, Verdict.TOO_FEW_POSITIVES),
        (13, 13, 0.99, Verdict.TOO_FEW_POSITIVES),
        (99, 100, 0.99, Verdict.TOO_FEW_POSITIVES),
        (98, 100, 0.99, Verdict.BELOW_FLOOR),
        (12, 13, 0.99, Verdict.BELOW_FLOOR),
        (0, 1, 0.5, Verdict.BELOW_FLOOR),
        (100_000, 100_000, 1.0, Verdict.TOO_FEW_POSITIVES),
        (0, 0, 0.99, Verdict.NOT_ASSESSED),
    ],
)
def test_a_floor_is_met_by_the_lower_bound_only(
    hits: int, support: int, floor: float, verdict: Verdict
) -> None:
    assert verdict_on_floor(Proportion(hits, support), floor) is verdict
