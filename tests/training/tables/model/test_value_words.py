"""A value is named with its place among those of training."""

import datetime as dt
from typing import Any

import numpy as np
import pytest

from tests.training.tables.made_tables import made
from training.tables.model.input_column import InputColumn, describe_inputs
from training.tables.model.value_words import value_words

COLUMNS: dict[str, Any] = {
    "depth": list(range(1000)),
    "flag": [row % 4 == 0 for row in range(1000)],
    "site": ["A" if row % 10 else "B" for row in range(1000)],
    "seen": [dt.date(2000, 1, 1) + dt.timedelta(days=row) for row in range(1000)],
    "note": [f"text {row}" for row in range(1000)],
    "zero": [0 if row < 900 else row for row in range(1000)],
    "gaps": [None if row % 20 == 0 else 1.5 for row in range(1000)],
}


@pytest.fixture(scope="module")
def inputs() -> dict[str, InputColumn]:
    described = describe_inputs(made(COLUMNS), np.arange(1000), list(COLUMNS))
    return {column.name: column for column in described}


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("depth", 80.0, "depth is 80, lower than 92 % of the training rows"),
        ("depth", 970.5, "depth is 970.5, higher than 98 % of the training rows"),
        ("depth", -1.0, "depth is -1, lower than all training rows"),
        ("depth", 1e9, "depth is 1e+09, higher than all training rows"),
        ("depth", 0.0, "depth is 0, lower than 99 % of the training rows"),
        ("depth", None, "depth is missing, as in no training row"),
        ("zero", 0.0, "zero is 0, in the middle of the training rows"),
        ("gaps", float("nan"), "gaps is missing, as in 5 % of the training rows"),
        ("flag", True, "flag is true, as in 25 % of the training rows"),
        ("site", "B", "site is 'B', as in 10 % of the training rows"),
        ("site", "C", "site is 'C', which training did not have"),
        ("seen", 10957.0, "seen is 2000-01-01, earlier than 99 % of the training rows"),
        ("seen", 11900.25, "seen is 2002-08-01 06:00, later than 95 % of the training rows"),
        ("note", "text 5", "the text of note, 6 characters long"),
    ],
)
def test_words(inputs: dict[str, InputColumn], column: str, value: Any, words: str) -> None:
    assert value_words(inputs[column], value) == words
