"""Explains the predictions of one model of an ensemble by what each feature contributed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from training.tables.descriptions import ColumnKind
from training.tables.features.feature import Feature
from training.tables.labels import Floats, Integers
from training.tables.learners.registry import LEARNERS
from training.tables.model.input_column import InputColumn, days_since_1970
from training.tables.model.predictions import Explanation
from training.tables.model.target import ModelTarget
from training.tables.model.value_words import number_text, value_words
from training.tables.printable import printable
from training.tables.selection.bagged_model import BaggedModel

_MAX_CONTRIBUTIONS = 4_000_000
"""In memory at a time."""
_BEFORE_SOFTMAX = " before softmax"


class Explainer:
    """Explains one model with the SHAP values that its learner computes (Lundberg and Lee 2017)."""

    def __init__(
        self,
        model: BaggedModel,
        features: Sequence[Feature],
        inputs: Sequence[InputColumn],
        target: ModelTarget,
    ) -> None:
        self._model = model
        self._labels = [feature.label for feature in features]
        self._inputs = tuple(inputs)
        self._target = target
        self._margin_name = model.margin_name
        self._has_one_output = model.task.num_outputs == 1
        places = {column.name: at for at, column in enumerate(inputs)}
        # (num_features, num_columns): which column each feature is from.
        self._is_of_column = np.zeros((len(features), len(inputs)))
        for number, feature in enumerate(features):
            self._is_of_column[number, places[feature.column]] = 1

    @property
    def title(self) -> str:
        return LEARNERS[self._model.learner_name].title

    @property
    def is_prediction(self) -> bool:
        """Whether the explained output is itself a number or a probability, not log-odds."""
        return "log-odds" not in self._margin_name

    def adds_up_to(self) -> str:
        """What base value and contributions add up to, in a sentence."""
        output = f"the {self._margin_name.removeprefix('the ')}"
        if self._has_one_output and self._target.has_classes:
            output += f", {printable(self._target.classes[1])},"
        num_members = len(self._model.members)
        if num_members == 1:
            return f"Base value and contributions add up to {output} of {self.title}."
        return (
            f"Base value and contributions add up to {output} of {self.title}, averaged over its "
            f"{num_members} models, one for each fold."
        )

    def follows(self) -> str:
        """How the prediction of a single model follows from the sum."""
        if self.is_prediction:
            answer = "probability" if self._target.has_classes else "predicted number"
            return f"The {answer} is this sum."
        function = "the logistic function" if self._has_one_output else "softmax"
        return f"The probabilities follow from it by {function}."

    def explain(
        self, values: Floats, rows: pa.Table, codes: Integers | None, *, top: int
    ) -> tuple[Explanation, ...]:
        """An explanation of each row, with at most `top` reasons.

        `values` are the features of `rows`, `codes` the predicted classes. With more than two
        classes, the output for the predicted class is explained.
        """
        num_outputs = 1 if self._has_one_output else len(self._target.classes)
        num_rows = max(1, _MAX_CONTRIBUTIONS // (num_outputs * (values.shape[1] + 1)))
        found: list[Explanation] = []
        for start in range(0, len(values), num_rows):
            part = slice(start, start + num_rows)
            part_codes = None if codes is None or self._has_one_output else codes[part]
            found += self._explain(values[part], rows.slice(start, num_rows), part_codes, top)
        return tuple(found)

    def _explain(
        self, values: Floats, rows: pa.Table, codes: Integers | None, top: int
    ) -> list[Explanation]:
        outputs = np.zeros(len(values), np.int64) if codes is None else codes
        at = np.arange(len(values))
        contributions = self._model.contributions(values)[at, outputs]
        totals = self._model.margin(values)[at, outputs]
        by_column = contributions[:, :-1] @ self._is_of_column
        cells = [_cells(column, rows) for column in self._inputs]
        return [
            self._explanation(
                self._output(None if codes is None else int(codes[row])),
                contributions[row],
                float(totals[row]),
                self._reasons(row, by_column[row], cells, codes, top),
            )
            for row in range(len(values))
        ]

    def _explanation(
        self, output: str, contributions: Floats, total: float, reasons: tuple[str, ...]
    ) -> Explanation:
        return Explanation(
            output=output,
            base_value=float(contributions[-1]),
            total=total,
            contributions=dict(zip(self._labels, contributions[:-1].tolist(), strict=True)),
            reasons=reasons,
        )

    def _output(self, code: int | None) -> str:
        """What the output is about; `code` is the class of one of several outputs."""
        if not self._target.has_classes:
            return f"predicted {printable(self._target.column)}"
        name = printable(self._target.classes[1 if code is None else code])
        about = "the second class" if "the second class" in self._margin_name else "each class"
        return self._margin_name.replace(about, name)

    def _reasons(
        self,
        row: int,
        contributions: Floats,
        cells: Sequence[Sequence[Any]],
        codes: Integers | None,
        top: int,
    ) -> tuple[str, ...]:
        output = self._output(None if codes is None else int(codes[row]))
        output = output.removesuffix(_BEFORE_SOFTMAX)
        strongest = np.argsort(-np.abs(contributions), kind="stable")[:top]
        return tuple(
            f"{value_words(self._inputs[at], cells[at][row])}: "
            f"{'raises' if contributions[at] > 0 else 'lowers'} the {output} by "
            f"{number_text(float(f'{abs(contributions[at]):.3g}'))}"
            for at in strongest
            if contributions[at]
        )


def _cells(column: InputColumn, rows: pa.Table) -> Sequence[Any]:
    values = rows.column(column.name).combine_chunks()
    if column.kind is ColumnKind.DATE:
        days: list[float] = days_since_1970(values).tolist()
        return days
    cells: list[Any] = values.to_pylist()
    return cells
