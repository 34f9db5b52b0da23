"""Undecided rows are ranked by the class that is looked for, and the unsure ones abstained on."""

from functools import partial

import numpy as np
import pytest

from tests.training.tables.evaluation.made_predictions import calibrated
from training.tables.errors import TableError
from training.tables.evaluation.abstention import choose_abstention
from training.tables.evaluation.positive_class import positive_class
from training.tables.evaluation.ranking import rank_undecided

KEPLER = ("CONFIRMED", "FALSE POSITIVE")
ROWS = np.array([4, 9, 11, 30])
LABELS = ["CANDIDATE", "PC", None, "CANDIDATE"]
TWO = np.array([[0.55, 0.45], [0.1, 0.9], [0.95, 0.05], [0.55, 0.45]])


def test_two_classes_are_ranked_by_the_positive_one() -> None:
    ranked = rank_undecided(TWO, KEPLER, ROWS, labels_of_rows=LABELS, abstain_below=0.8)
    assert [item.row for item in ranked] == [11, 4, 30, 9]
    assert [item.rank for item in ranked] == [1, 2, 3, 4]
    assert [item.label for item in ranked] == [None, "CANDIDATE", "CANDIDATE", "PC"]
    assert [item.decision for item in ranked] == ["CONFIRMED", None, None, "FALSE POSITIVE"]
    assert [item.abstained for item in ranked] == [False, True, True, False]
    assert ranked[0].probability == 0.95
    assert ranked[3].probabilities == {"FALSE POSITIVE": 0.9, "CONFIRMED": 0.1}


def test_more_classes_are_ranked_by_certainty_or_a_named_class() -> None:
    three = np.array([[0.2, 0.5, 0.3], [0.8, 0.1, 0.1], [0.3, 0.3, 0.4]])
    rank = partial(
        rank_undecided,
        three,
        ("a", "b", "c"),
        ROWS[:3],
        labels_of_rows=LABELS[:3],
        abstain_below=0.0,
    )
    certain = rank()
    assert [(item.row, item.ranked_class) for item in certain] == [(9, "a"), (4, "b"), (11, "c")]
    named = rank(named_class="c")
    assert [item.row for item in named] == [11, 4, 9]
    first = rank(max_rows=1)
    assert [item.row for item in first] == [9]


def test_more_classes_are_ranked_by_the_only_positive_one() -> None:
    classes = ("CONFIRMED", "FALSE POSITIVE", "REFUTED")
    three = np.array([[0.2, 0.7, 0.1], [0.6, 0.2, 0.2], [0.3, 0.0, 0.7]])
    ranked = rank_undecided(three, classes, ROWS[:3], labels_of_rows=LABELS[:3], abstain_below=0.0)
    assert [item.row for item in ranked] == [9, 11, 4]
    assert {item.ranked_class for item in ranked} == {"CONFIRMED"}


def test_what_cannot_be_ranked_is_refused() -> None:
    with pytest.raises(TableError, match="to rank by, but got 'PLANET'"):
        rank_undecided(
            TWO, KEPLER, ROWS, labels_of_rows=LABELS, abstain_below=0.5, named_class="PLANET"
        )
    with pytest.raises(TableError, match="a label or None"):
        rank_undecided(TWO, KEPLER, ROWS, labels_of_rows=LABELS[:2], abstain_below=0.5)
    assert rank_undecided(TWO[:0], KEPLER, ROWS[:0], labels_of_rows=[], abstain_below=0.5) == ()


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (KEPLER, "CONFIRMED"),
        (("0", "1"), "1"),
        (("malignant", "benign"), "malignant"),
        (("no", "yes"), "yes"),
        (("false", "true"), "true"),
        (("ham", "spam"), "spam"),
        (("not_planet", "planet"), "planet"),
    ],
)
def test_the_positive_class_is_found_by_name(classes: tuple[str, ...], expected: str) -> None:
    assert positive_class(classes) == expected


def test_abstention_keeps_what_is_shown_to_be_reliable() -> None:
    codes, p = calibrated(1, 3000, 3)
    chosen = choose_abstention(p, codes, np.arange(3000))
    assert chosen.threshold is not None
    assert chosen.interval is not None
    decided = p.max(axis=1) >= chosen.threshold
    right = p.argmax(axis=1) == codes
    assert chosen.reliability == pytest.approx(right[decided].mean())
    assert chosen.decided_share == pytest.approx(decided.mean())
    assert chosen.interval[0] >= 0.9
    hopeless = choose_abstention(np.full((90, 3), 1 / 3), codes[:90], np.arange(90))
    assert hopeless.threshold is None
    assert "abstained" in hopeless.sentence
