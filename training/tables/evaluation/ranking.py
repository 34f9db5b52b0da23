"""Ranks rows without a decided label by what a model makes of them."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from training.tables.errors import TableError
from training.tables.evaluation.positive_class import only_positive, positive_class
from training.tables.evaluation.predictions import check_probabilities
from training.tables.labels import Floats, Integers
from training.tables.printable import name_list, printable

MAX_ROWS = 100_000
MAX_PROBABILITIES = 10


class RankedRow(BaseModel):
    """One row, and the decision on it if there is one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    rank: int
    """From 1."""
    row: int
    """Its number in the table, from 0."""
    label: str | None
    """Its undecided label."""
    ranked_class: str
    """The class whose probability the row is ranked by."""
    probability: float
    """Calibrated, of the ranked class."""
    decision: str | None
    """The most probable class; None if the model abstains."""
    confidence: float
    """Calibrated probability of the most probable class."""
    abstained: bool
    probabilities: dict[str, float]
    """Of the most probable classes, the best one first."""


def rank_undecided(
    predictions: Floats,
    classes: Sequence[str],
    row_numbers: Integers,
    *,
    labels_of_rows: Sequence[str | None],
    abstain_below: float,
    named_class: str | None = None,
    max_rows: int = MAX_ROWS,
) -> tuple[RankedRow, ...]:
    """The rows by falling calibrated probability of a class; equal ones in the order of the table.

    `predictions` are probabilities, (num_rows, num_classes); `row_numbers` and `labels_of_rows`
    have one entry for each row. The class is `named_class`; without one, for two classes that of
    `positive_class`, for more that of `only_positive`, such as CONFIRMED beside FALSE POSITIVE and
    REFUTED, else the most probable class of each row, so that the most certain decisions come
    first. A row whose confidence is below `abstain_below` has no decision. Only the first
    `max_rows` are returned.

    Raises TableError if there is no such class, or shapes differ.
    """
    if not len(row_numbers):
        return ()
    check_probabilities(predictions, len(row_numbers), len(classes))
    _check(classes, row_numbers, labels_of_rows, named_class)
    decided = predictions.argmax(axis=1)
    ranked_class = np.full(len(decided), _code(classes, named_class))
    ranked_class = np.where(ranked_class < 0, decided, ranked_class)
    rows = np.arange(len(decided))
    scores, confidence = predictions[rows, ranked_class], predictions[rows, decided]
    order = np.lexsort((row_numbers, -scores))[:max_rows]
    return tuple(
        RankedRow(
            rank=rank,
            row=int(row_numbers[at]),
            label=labels_of_rows[at],
            ranked_class=classes[ranked_class[at]],
            probability=float(scores[at]),
            decision=None if confidence[at] < abstain_below else classes[decided[at]],
            confidence=float(confidence[at]),
            abstained=bool(confidence[at] < abstain_below),
            probabilities=_best(predictions[at], classes),
        )
        for rank, at in enumerate(order.tolist(), start=1)
    )


def _code(classes: Sequence[str], named_class: str | None) -> int:
    """The code of the class by which all rows are ranked; -1 if each has its own."""
    looked_for = named_class or only_positive(classes)
    if looked_for is None and len(classes) > 2:
        return -1
    return list(classes).index(looked_for or positive_class(classes))


def _best(probabilities: Floats, classes: Sequence[str]) -> dict[str, float]:
    order = np.argsort(-probabilities, kind="stable")[:MAX_PROBABILITIES]
    return {classes[code]: float(probabilities[code]) for code in order}


def _check(
    classes: Sequence[str],
    row_numbers: Integers,
    labels_of_rows: Sequence[str | None],
    named_class: str | None,
) -> None:
    if len(labels_of_rows) != len(row_numbers):
        raise TableError(
            f"Expected a label or None for each of {len(row_numbers):,} rows, but got "
            f"{len(labels_of_rows):,}. Pass those of the same rows."
        )
    if named_class is not None and named_class not in classes:
        raise TableError(
            f"Expected one of the classes {name_list(list(classes))} to rank by, but got "
            f"'{printable(named_class)}'."
        )
