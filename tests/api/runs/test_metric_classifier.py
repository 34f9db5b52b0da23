"""Names of metrics are classified: those that Fovea knows, those of other programs, and any others."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.runs.metric_catalog import METRIC_CATALOG
from api.runs.metric_classifier import MAX_CHARS, classify, is_whole_loss
from api.runs.metric_roles import Direction, Role, Split
from api.runs.metric_words import METRIC_WORDS
from tests.api.runs.classified_names import content

GROUPS = {group.name for group in METRIC_CATALOG.groups}
SEPARATORS = st.sampled_from(["/", "_", "-", ".", " ", "__", ": "])
ANY_NAME = st.text(max_size=300) | st.lists(
    st.sampled_from(
        [
            "val",
            "Train",
            "loss",
            "map",
            "acc",
            "per",
            "second",
            "1",
            "/",
            "_",
            "é",
            "std",
            "F1Score",
        ]
    ),
    max_size=40,
).map("".join)


@pytest.mark.parametrize("expected", content()["names"], ids=lambda each: each["name"][:40])
def test_a_name_has_the_class_that_its_program_means(expected: dict[str, Any]) -> None:
    found = classify(expected["name"])
    assert {
        "name": expected["name"],
        "role": found.role,
        "split": found.split,
        "direction": found.direction,
        "group": found.group,
        "measure": found.measure,
    } == expected


def test_the_dashboards_tests_use_the_same_words() -> None:
    assert content()["words"] == METRIC_WORDS.model_dump(mode="json"), (
        "run .venv/bin/python -m tests.api.runs.classified_names"
    )


@given(ANY_NAME)
def test_any_text_has_a_class(name: str) -> None:
    found = classify(name)
    assert found.group is None or found.group in GROUPS
    assert len(found.measure) <= 3 * max(MAX_CHARS, len(name))
    if found.role is Role.OTHER:
        assert (found.direction, found.group) == (Direction.NONE, None)


@given(
    st.sampled_from(["loss", "Loss", "LOSS", "logloss", "nll", "box_loss", "cross_entropy"]),
    st.sampled_from([(word, each.split) for each in METRIC_WORDS.splits for word in each.words]),
    SEPARATORS,
    st.booleans(),
)
def test_a_loss_is_one_before_or_after_its_split(
    measure: str, split: tuple[str, Split], separator: str, is_first: bool
) -> None:
    word, expected = split
    parts = [word, measure] if is_first else [measure, word]
    found = classify(separator.join(parts))
    assert (found.role, found.split, found.direction) == (Role.LOSS, expected, Direction.LOWER)


@given(st.text("abcdefghij_0123456789", min_size=1, max_size=40))
def test_whatever_is_before_a_loss_keeps_it_one(prefix: str) -> None:
    assert classify(f"{prefix}/loss").role is Role.LOSS


@pytest.mark.parametrize(
    ("name", "splits", "expected"),
    [
        ("train_loss", (Split.TRAIN, Split.NONE), True),
        ("loss", (Split.TRAIN, Split.NONE), True),
        ("eval_loss", (Split.TRAIN, Split.NONE), False),
        ("train/box_loss", (Split.TRAIN,), False),
        ("policy_loss", (Split.NONE,), False),
        ("validation-logloss", (Split.VAL,), True),
    ],
)
def test_a_part_of_a_loss_is_not_the_whole(
    name: str, splits: tuple[Split, ...], expected: bool
) -> None:
    assert is_whole_loss(name, *splits) is expected


@pytest.mark.parametrize("unit", ["aA", "1 ", "map ", "loss_", "val", "per ", "Aa1"])
def test_the_time_grows_no_faster_than_a_name(unit: str) -> None:
    """A hundred times as many characters are cut to MAX_CHARS."""
    name = unit * (100 * MAX_CHARS)
    began_s = time.process_time()
    for number in range(20):
        classify(f"{number}{name}")
    assert time.process_time() - began_s < 1.0


def test_twenty_thousand_names_take_about_a_second_at_most() -> None:
    names = [f"layer_{number}/valLoss_{number}_of_block" for number in range(20_000)]
    began_s = time.process_time()
    assert {classify(name).role for name in names} == {Role.LOSS}
    assert time.process_time() - began_s < 3.0
