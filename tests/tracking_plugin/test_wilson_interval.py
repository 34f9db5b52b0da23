import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking_plugin.wilson_interval import positives_needed, wilson_interval

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_contains_the_proportion_and_stays_within_0_and_1(trial: tuple[int, int]) -> None:
    successes, total = trial
    low, high = wilson_interval(successes, total)
    assert 0 <= low <= successes / total <= high <= 1
    assert low < high


@given(counts)
def test_wilson_is_symmetric(trial: tuple[int, int]) -> None:
    successes, total = trial
    low, high = wilson_interval(successes, total)
    mirrored_low, mirrored_high = wilson_interval(total - successes, total)
    assert (low, high) == pytest.approx((1 - mirrored_high, 1 - mirrored_low), abs=1e-12)


@given(counts, st.integers(2, 20))
def test_wilson_narrows_with_more_of_the_same(trial: tuple[int, int], times: int) -> None:
    successes, total = trial
    low, high = wilson_interval(successes, total)
    more_low, more_high = wilson_interval(times * successes, times * total)
    assert more_high - more_low < high - low


@given(counts, st.floats(0.5, 0.98))
def test_wilson_widens_with_confidence(trial: tuple[int, int], confidence: float) -> None:
    low, high = wilson_interval(*trial, confidence)
    wider_low, wider_high = wilson_interval(*trial, confidence + 0.01)
    assert wider_low <= low
    assert high <= wider_high


def test_wilson_gives_the_textbook_values() -> None:
    # Newcombe, Statistics in Medicine 17, 1998, table I, score method without correction.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson_interval(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_no_trials_give_the_interval_from_0_to_1() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("trial", [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(trial: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="Expected successes from 0 to 3"):
        wilson_interval(*trial)


def test_a_confidence_outside_0_and_1_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1, but got 95"):
        wilson_interval(1, 2, 95)


@given(st.integers(1, 999))
def test_positives_needed_is_the_smallest_number_whose_perfect_score_reaches_the_floor(
    mille: int,
) -> None:
    floor = mille / 1000
    needed = positives_needed(floor)
    assert needed is not None
    assert wilson_interval(needed, needed)[0] >= floor - 1e-12
    assert needed == 1 or wilson_interval(needed - 1, needed - 1)[0] < floor


def test_positives_needed_with_some_missed() -> None:
    needed = positives_needed(0.9, share=0.95)
    assert needed is not None
    assert wilson_interval(round(0.95 * needed), needed)[0] == pytest.approx(0.9, abs=2e-3)


def test_no_number_of_positives_is_enough_for_a_floor_at_or_above_the_share() -> None:
    assert positives_needed(1.0) is None
    assert positives_needed(0.9, share=0.9) is None
