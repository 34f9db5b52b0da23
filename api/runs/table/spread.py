"""The mean and the spread of the values of a group, for floats of any size."""

import math
from collections.abc import Sequence

from api.runs.metric_values import logged_value
from api.runs.table.schemas import Spread


def spread(stored: Sequence[float]) -> Spread:
    """Of values as MLflow's store has them; those that are not finite are only counted."""
    logged = [logged_value(value) for value in stored]
    values = [value for value in logged if math.isfinite(value)]
    num_not_finite = len(logged) - len(values)
    if not values:
        return Spread(num=0, num_not_finite=num_not_finite)
    # Scaled by a power of two, which is exact: sums and squares neither overflow nor vanish.
    exponent = max(math.frexp(value)[1] for value in values)
    scaled = [math.ldexp(value, -exponent) for value in values]
    mean = math.fsum(scaled) / len(scaled)
    squares = math.fsum((value - mean) ** 2 for value in scaled)
    std = math.sqrt(squares / (len(scaled) - 1)) if len(scaled) > 1 else None
    return Spread(
        num=len(values),
        num_not_finite=num_not_finite,
        mean=math.ldexp(mean, exponent),
        std=None if std is None else _finite_or_none(std, exponent),
        min=min(values),
        max=max(values),
    )


def _finite_or_none(scaled: float, exponent: int) -> float | None:
    """The spread of -1.8e308 and 1.8e308 is beyond the largest float."""
    try:
        return math.ldexp(scaled, exponent)
    except OverflowError:
        return None
