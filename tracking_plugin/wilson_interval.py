"""Confidence intervals of a proportion (Wilson), and the number of trials that a claim needs."""

from math import ceil, sqrt
from statistics import NormalDist

Interval = tuple[float, float]


def wilson_interval(successes: float, total: float, confidence: float = 0.95) -> Interval:
    """The score interval of a proportion (Wilson, J. Am. Stat. Assoc. 22, 1927, 209-212).

    Returns (0, 1) for no trials. Effective numbers of trials may be fractions.
    """
    _require_proportion(successes, total)
    if total == 0:
        return 0.0, 1.0
    z = _normal_quantile(confidence)
    share, z2 = successes / total, z * z
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = z * sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    # Keep rounding from moving a bound past the proportion itself.
    low = 0.0 if successes == 0 else min(centre - half, share)
    high = 1.0 if successes == total else max(centre + half, share)
    return low, high


def positives_needed(floor: float, share: float = 1.0, confidence: float = 0.95) -> int | None:
    """The number of positives at which Wilson's lower bound reaches `floor`, if `share` are found.

    At the bound f the proportion p is z standard errors above f, so n = z² f (1 - f) / (p - f)².
    Returns None if no number is enough.
    """
    if share <= floor:
        return None
    z = _normal_quantile(confidence)
    return max(1, ceil(z * z * floor * (1 - floor) / (share - floor) ** 2))


def _normal_quantile(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"Expected a confidence between 0 and 1, but got {confidence}.")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _require_proportion(successes: float, total: float) -> None:
    if not 0 <= successes <= total:
        raise ValueError(f"Expected successes from 0 to {total}, but got {successes}.")
