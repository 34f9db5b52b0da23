"""A run's headlines are its main values, by the names of any program."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.runs.headlines import MOST_HEADLINES, headline_names, headlines
from tests.api.runs.classified_names import content
from tracking_plugin.events import LoggedPoint

OWN = {
    "logged": ["val/loss", "train/loss", "val/auc_roc_weighted", "val/auc_roc_macro", "val/f1"],
    "chosen": ["val/loss", "train/loss", "val/auc_roc_macro", "val/f1"],
}


@pytest.mark.parametrize("case", [OWN, *content()["headlines"]])
def test_the_whole_losses_come_first_then_the_other_measures(case: dict[str, list[str]]) -> None:
    assert headline_names(case["logged"]) == case["chosen"]


@given(st.lists(st.text(max_size=20) | st.sampled_from(["loss", "a_loss", "acc", "val_f1"])))
def test_there_are_few_and_each_is_logged(logged: list[str]) -> None:
    names = headline_names(logged)
    assert len(names) == len(set(names)) <= MOST_HEADLINES
    assert set(names) <= set(logged)


def test_a_value_that_is_not_finite_is_named() -> None:
    [found] = headlines({"loss": LoggedPoint("loss", math.nan, 1, 1)})
    assert (found.value, found.not_finite) == (None, "NaN")
