"""Calibrates the probability of each class by a rising step function."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict
from sklearn.isotonic import IsotonicRegression

from training.tables.labels import Booleans, Floats, Integers

PRIOR_ROWS = 10.0
"""Weight of the probability as it is, in rows: no class gets a probability of 0, and ranks that
the steps would tie are kept."""
MAX_KNOTS = 500


class IsotonicMap(BaseModel):
    """A rising function of the probability of one class, linear between knots."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    inputs: tuple[float, ...]
    outputs: tuple[float, ...]
    weight_of_input: float
    """Share of the probability as it is in the result."""

    def apply(self, probabilities: Floats) -> Floats:
        """The mapped probabilities of the class, (num_rows,)."""
        if not self.inputs:
            return probabilities
        fitted = np.interp(probabilities, self.inputs, self.outputs)
        return self.weight_of_input * probabilities + (1 - self.weight_of_input) * fitted


IDENTITY = IsotonicMap(inputs=(), outputs=(), weight_of_input=1.0)


def fit_maps(probabilities: Floats, codes: Integers) -> tuple[IsotonicMap, ...]:
    """The map of each class (Zadrozny and Elkan 2002, KDD); a class without a row stays as it is.

    Two classes have one map, of the second class, since their probabilities add up to 1.
    """
    columns = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    return tuple(_fit(probabilities[:, code], codes == code) for code in columns)


def mapped(probabilities: Floats, maps: Sequence[IsotonicMap]) -> Floats:
    """The probabilities, (num_rows, num_classes), mapped by class; they add up to 1 again."""
    if probabilities.shape[1] == 2:
        second = maps[0].apply(probabilities[:, 1])
        return np.column_stack([1 - second, second])
    columns = [item.apply(probabilities[:, code]) for code, item in enumerate(maps)]
    stacked = np.column_stack(columns)
    stacked /= stacked.sum(axis=1, keepdims=True)
    return stacked


def _fit(scores: Floats, is_positive: Booleans) -> IsotonicMap:
    if not is_positive.any():
        return IDENTITY
    regression = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    regression.fit(scores, is_positive)
    inputs, outputs = regression.X_thresholds_, regression.y_thresholds_
    if len(inputs) > MAX_KNOTS:
        kept = np.unique(np.linspace(0, len(inputs) - 1, MAX_KNOTS).astype(np.int64))
        inputs, outputs = inputs[kept], outputs[kept]
    return IsotonicMap(
        inputs=tuple(inputs.tolist()),
        outputs=tuple(outputs.tolist()),
        weight_of_input=PRIOR_ROWS / (len(scores) + PRIOR_ROWS),
    )
