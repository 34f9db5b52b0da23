"""Counts which classes are taken for which."""

from collections.abc import Sequence

import numpy as np

from training.tables.evaluation.schema import ConfusedPair, Confusion
from training.tables.labels import Integers

MAX_CLASSES = 100
"""Classes with a row and a column; of more, those with most rows have one, the others share one."""
MAX_PAIRS = 20


def confusion(codes: Integers, decided: Integers, classes: Sequence[str]) -> Confusion:
    """The confusion of true and decided class codes, both (num_rows,)."""
    shown = _most_frequent(codes, len(classes))
    place = np.full(len(classes), len(shown), np.int64)
    place[shown] = np.arange(len(shown))
    has_others = len(shown) < len(classes)
    size = len(shown) + has_others
    counts = np.bincount(place[codes] * size + place[decided], minlength=size**2)
    return Confusion(
        classes=tuple(classes[code] for code in shown),
        counts=tuple(tuple(row) for row in counts.reshape(size, size).tolist()),
        has_others=has_others,
        most_confused=_most_confused(codes, decided, classes),
    )


def _most_frequent(codes: Integers, num_classes: int) -> Integers:
    support = np.bincount(codes, minlength=num_classes)
    order = np.argsort(-support, kind="stable")[:MAX_CLASSES]
    return np.sort(order).astype(np.int64)


def _most_confused(
    codes: Integers, decided: Integers, classes: Sequence[str]
) -> tuple[ConfusedPair, ...]:
    wrong = codes != decided
    pairs, counts = np.unique(codes[wrong] * len(classes) + decided[wrong], return_counts=True)
    return tuple(
        ConfusedPair(
            true=classes[pairs[at] // len(classes)],
            predicted=classes[pairs[at] % len(classes)],
            num_rows=int(counts[at]),
        )
        for at in np.argsort(-counts, kind="stable")[:MAX_PAIRS]
    )
