"""Each row is in one part, groups and equal rows are in the same one, and what is absent is named."""

import datetime as dt
import random
import string
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.training.tables.made_tables import made, noise, shuffled, target_of
from training.tables.descriptions import TypedTable
from training.tables.errors import TableError
from training.tables.split import split_table
from training.tables.splits.split_report import SplitMethod, SplitNoteKind, SplitSummary
from training.tables.splits.table_split import SplitSettings, TableSplit
from training.tables.target import RANK_UNDECIDED
from training.tables.targets.problem_type import ProblemType

Columns = dict[str, list[Any]]


@st.composite
def tables(draw: st.DrawFn) -> Columns:
    num_rows = draw(st.integers(10, 60))
    groups = st.sampled_from([None, "a", "b", "ß", *(f"g{n}" for n in range(12))])
    if draw(st.booleans()):
        groups = st.sampled_from([None, 0, 7, -3, 10**12, *range(100, 112)])
    days = st.one_of(st.none(), st.dates(dt.date(1, 1, 1), dt.date(2700, 1, 1)))

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=num_rows, max_size=num_rows))

    return {
        "group": column(groups),
        "day": column(days),
        "x": column(st.one_of(st.none(), st.integers(0, 200))),
        "y": column(st.sampled_from([None, *"ppppqqr"])),
    }


def tried(columns: Columns, **options: Any) -> TableSplit | None:
    """The split; None if the table is refused."""
    try:
        typed = made(columns)
        return split_table(typed, target_of(typed, "y"), **options)
    except TableError:
        return None


def parts_of(split: TableSplit) -> list[set[int]]:
    return [set(split.holdout.tolist())] + [set(fold.validation.tolist()) for fold in split.folds]


def keys_of(values: list[Any], rows: set[int]) -> set[Any]:
    return {values[row] for row in rows if values[row] is not None}


@settings(max_examples=60, deadline=None)
@given(tables(), st.integers(2, 7))
def test_each_row_is_in_one_part_and_groups_are_never_divided(
    columns: Columns, num_folds: int
) -> None:
    split = tried(columns, group="group", settings=SplitSettings(num_folds=num_folds))
    assume(split is not None)
    assert split is not None
    labelled = {row for row, label in enumerate(columns["y"]) if label is not None}
    parts = parts_of(split)
    assert Counter(row for part in parts for row in part) == Counter(labelled)
    assert set(split.unlabelled.tolist()) == set(range(len(columns["y"]))) - labelled
    assert len(split.folds) >= 2
    for fold in split.folds:
        train, validation = set(fold.train.tolist()), set(fold.validation.tolist())
        assert train | validation == set(split.development.tolist())
        assert train
        assert validation
        assert not train & validation
    for first in parts:
        for second in parts:
            if first is not second:
                shared = keys_of(columns["group"], first) & keys_of(columns["group"], second)
                assert not shared
    if not any(note.kind is SplitNoteKind.DUPLICATES_KEPT_APART for note in split.notes):
        features = list(zip(columns["x"], columns["day"], strict=True))
        seen = [{features[row] for row in part} for part in parts]
        assert sum(map(len, seen)) == len(set.union(*seen))


@settings(max_examples=40, deadline=None)
@given(tables(), st.randoms(use_true_random=False))
def test_the_split_follows_the_rows_not_their_order(columns: Columns, draw: random.Random) -> None:
    # Rows that are equal in all columns cannot be told apart.
    columns["x"] = list(range(len(columns["x"])))
    split = tried(columns, group="group")
    assume(split is not None)
    assert split is not None
    order = list(range(len(columns["x"])))
    draw.shuffle(order)
    other = tried(shuffled(columns, order), group="group")
    assert other is not None
    assert [{order[row] for row in part} for part in parts_of(other)] == parts_of(split)
    again = tried(columns, group="group")
    assert again is not None
    assert parts_of(again) == parts_of(split)
    assert again.summary == split.summary


@settings(max_examples=60, deadline=None)
@given(tables())
def test_with_dates_nothing_that_trains_is_newer_than_what_follows(columns: Columns) -> None:
    split = tried(columns, group="group", date="day")
    assume(split is not None)
    assert split is not None
    assert split.summary.method is SplitMethod.TIME_ORDERED
    days = columns["day"]
    later = [*[fold.validation for fold in split.folds[1:]], split.holdout]
    for fold, following in zip(split.folds, later, strict=True):
        assert len(fold.train)
        assert len(fold.validation)
        assert not set(fold.train.tolist()) & set(fold.validation.tolist())
        train_groups = keys_of(columns["group"], set(fold.train.tolist()))
        assert not train_groups & keys_of(columns["group"], set(fold.validation.tolist()))
        newest = max((days[r] for r in fold.train if days[r]), default=dt.date.min)
        assert max(days[r] for r in fold.validation if days[r]) > newest
        assert max(days[r] for r in following if days[r]) > newest
        assert set(fold.train.tolist()) <= set(split.development.tolist())
    rows = [*split.holdout.tolist(), *split.development.tolist()]
    assert sorted(rows) == [row for row, label in enumerate(columns["y"]) if label is not None]


def test_the_holdout_is_the_newest_fifth_and_folds_expand() -> None:
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=n) for n in range(100)]
    typed = made({"day": days[::-1], "x": list(range(100)), "y": ["p", "q"] * 50})
    split = split_table(typed, target_of(typed, "y"), date="day")
    assert split.holdout.tolist() == list(range(20))
    sizes = [(len(fold.train), len(fold.validation)) for fold in split.folds]
    assert len(sizes) == 5
    assert [train for train, _ in sizes[1:]] == [train + size for train, size in sizes[:-1]]
    assert split.notes == ()


def test_a_group_belongs_to_the_part_of_its_newest_row() -> None:
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=n) for n in range(100)]
    groups: list[str | None] = [None] * 100
    groups[0] = groups[99] = "star"
    typed = made({"day": days, "g": groups, "x": list(range(100)), "y": ["p", "q"] * 50})
    split = split_table(typed, target_of(typed, "y"), group="g", date="day")
    assert {0, 99} <= set(split.holdout.tolist())
    (note,) = split.notes
    assert note.kind is SplitNoteKind.GROUPS_MOVED
    assert note.text.endswith(": 1.")


def test_rows_without_a_date_only_train() -> None:
    days: list[Any] = [dt.date(2020, 1, 1 + n % 28) for n in range(60)]
    days[50] = None
    typed = made({"day": days, "x": list(range(60)), "y": ["p", "q"] * 30})
    split = split_table(typed, target_of(typed, "y"), date="day")
    assert all(50 in fold.train for fold in split.folds)
    assert [note.kind for note in split.notes] == [SplitNoteKind.NO_DATE]


def test_parts_have_their_share_of_rows_and_classes() -> None:
    labels = ["common"] * 1500 + ["rare"] * 500
    typed = made({"x": noise(1, 2000), "y": labels})
    split = split_table(typed, target_of(typed, "y"))
    holdout, *folds = split.summary.parts
    assert holdout.classes == {"common": 300, "rare": 100}
    assert all(fold.classes == {"common": 240, "rare": 80} for fold in folds)


def test_a_large_group_is_not_held_out_and_shares_stay_near() -> None:
    groups = [0] * 300 + [1 + n // 3 for n in range(700)]
    typed = made({"g": groups, "x": noise(1, 1000), "y": ["p", "q"] * 500})
    split = split_table(typed, target_of(typed, "y"), group="g")
    assert 120 <= len(split.holdout) <= 220
    assert 0 in split.development


def test_numbers_are_stratified_by_their_size() -> None:
    values = np.exp(noise(2, 1000) * 3)
    typed = made({"x": noise(1, 1000), "y": values})
    split = split_table(typed, target_of(typed, "y", {"problem_type": ProblemType.REGRESSION}))
    assert split.summary.parts[0].classes == {}
    ranks = np.argsort(np.argsort(values))
    for part in parts_of(split):
        assert abs(np.mean(ranks[list(part)]) - 499.5) < 20


def test_twenty_six_letters_in_a_hundred_rows() -> None:
    letters = [string.ascii_uppercase[n % 26] for n in range(100)]
    typed = made({"x": noise(3, 100), "y": letters})
    split = split_table(typed, target_of(typed, "y"))
    holdout, *folds = split.summary.parts
    assert all(holdout.classes.values())
    assert all(10 <= fold.num_rows <= 20 for fold in folds)
    notes = {note.label: note for note in split.notes}
    assert set(notes) == set(string.ascii_uppercase)
    assert all(note.kind is SplitNoteKind.FEW_GROUPS for note in split.notes)
    absent = [fold.name for fold in folds if not fold.classes["Z"]]
    assert list(notes["Z"].absent_from) == absent
    assert "'Z' has 3 rows in 3 groups" in notes["Z"].text


def test_a_class_with_one_row_is_named_and_kept_for_training() -> None:
    typed = made({"x": noise(3, 60), "y": [*["p", "q"] * 29, "p", "odd"]})
    split = split_table(typed, target_of(typed, "y"))
    (note,) = split.notes
    assert (note.kind, note.label, note.num_rows) == (SplitNoteKind.SINGLE_ROW, "odd", 1)
    assert "holdout" in note.absent_from
    assert any(name.startswith("training of fold") for name in note.absent_from)
    assert 59 in split.development


def test_a_class_in_one_group_is_named() -> None:
    groups = [n // 5 for n in range(100)]
    labels = ["odd" if group == 7 else "pq"[row % 2] for row, group in enumerate(groups)]
    typed = made({"g": groups, "x": noise(3, 100), "y": labels})
    split = split_table(typed, target_of(typed, "y"), group="g")
    (note,) = split.notes
    assert (note.kind, note.num_rows, note.num_groups) == (SplitNoteKind.FEW_GROUPS, 5, 1)


def test_equal_rows_of_other_groups_are_joined() -> None:
    columns = {"g": list(range(200)), "x": [n // 2 for n in range(200)], "y": ["p", "q"] * 100}
    typed = made(columns)
    split = split_table(typed, target_of(typed, "y"), group="g")
    assert split.summary.num_duplicate_rows == 100
    assert all((split.groups[n] == split.groups[n + 1]) for n in range(0, 200, 2))
    assert len(np.unique(split.groups)) == 100


def test_rows_that_all_repeat_are_not_joined_and_a_note_says_so() -> None:
    typed = made({"a": [True, False] * 100, "b": [1, 1, 2, 2] * 50, "y": list("pqqp") * 50})
    split = split_table(typed, target_of(typed, "y"))
    (note,) = split.notes
    assert note.kind is SplitNoteKind.DUPLICATES_KEPT_APART
    assert "196 of 200 rows" in note.text
    assert len(split.holdout) == 40


def test_equal_rows_that_chain_all_groups_are_not_joined() -> None:
    columns = {
        "g": [n // 2 for n in range(200)],
        "x": [(n + 1) // 2 for n in range(200)],
        "y": ["p", "q"] * 100,
    }
    typed = made(columns)
    split = split_table(typed, target_of(typed, "y"), group="g")
    assert [note.kind for note in split.notes] == [SplitNoteKind.DUPLICATES_KEPT_APART]
    assert len(np.unique(split.groups)) == 100


def test_identifiers_do_not_hide_that_rows_are_equal() -> None:
    columns = {"id": list(range(100)), "x": [n // 2 for n in range(100)], "y": ["p", "q"] * 50}
    typed = made(columns)
    assert split_table(typed, target_of(typed, "y")).summary.num_duplicate_rows == 0
    split = split_table(typed, target_of(typed, "y"), ignored=["id"])
    assert split.summary.num_duplicate_rows == 50


def test_undecided_rows_that_are_ranked_are_in_no_part() -> None:
    labels = ["CONFIRMED", "FALSE POSITIVE", "CANDIDATE"] * 20
    typed = made({"x": noise(3, 60), "koi_disposition": labels})
    target = target_of(typed, "koi_disposition", {"undecided_labels": RANK_UNDECIDED})
    split = split_table(typed, target)
    assert split.unlabelled.tolist() == list(range(2, 60, 3))
    assert (split.groups[split.unlabelled] == -1).all()
    assert len(split.holdout) + len(split.development) == 40


def test_few_groups_give_few_folds() -> None:
    typed = made({"g": [n // 5 for n in range(20)], "x": noise(1, 20), "y": ["p", "q"] * 10})
    split = split_table(typed, target_of(typed, "y"), group="g")
    assert len(split.folds) == split.summary.num_folds == 3
    assert [note.kind for note in split.notes] == [SplitNoteKind.FEWER_FOLDS]
    assert len(split.holdout) == 5


def refused(typed: TypedTable, **options: Any) -> str:
    with pytest.raises(TableError) as refusal:
        split_table(typed, target_of(typed, "y"), **options)
    return str(refusal.value)


def test_tables_that_cannot_be_divided_are_refused() -> None:
    columns: Columns = {"g": ["one"] * 20, "x": list(range(20)), "y": ["p", "q"] * 10}
    assert "have 1 group." in refused(made(columns), group="g")
    columns["g"] = ["one", "two"] * 10
    assert "have 2 groups." in refused(made(columns), group="g")
    assert "no 'star'" in refused(made(columns), group="star")
    assert "cannot be the group" in refused(made(columns), group="y")
    assert "has the kind number" in refused(made(columns), date="x")
    short = made({name: values[:9] for name, values in columns.items()})
    assert "at least 10 rows with a label" in refused(short)


def test_one_decided_class_is_refused() -> None:
    typed = made({"x": list(range(20)), "y": ["p"] * 19 + ["q"]})
    target = target_of(typed, "y")
    only = made({"x": list(range(20)), "y": ["p"] * 20})
    with pytest.raises(TableError, match="at least two classes"):
        split_table(only, target)


def test_two_dates_are_too_few() -> None:
    day = pa.array([dt.date(2020, 1, 1 + n % 2) for n in range(20)], pa.date32())
    typed = made({"day": day, "x": list(range(20)), "y": ["p", "q"] * 10})
    assert "at least 3 different dates in 'day'" in refused(typed, date="day")


@pytest.mark.parametrize("wrong", [{"holdout_share": 0.0}, {"num_folds": 1}, {"seed": -1}])
def test_settings_are_checked(wrong: dict[str, Any]) -> None:
    (field,) = wrong
    with pytest.raises(ValueError, match=field):
        SplitSettings(**wrong)


def test_another_seed_gives_another_split() -> None:
    typed = made({"x": noise(1, 200), "y": ["p", "q"] * 100})
    first, second = (
        split_table(typed, target_of(typed, "y"), settings=SplitSettings(seed=seed))
        for seed in (0, 1)
    )
    assert first.holdout.tolist() != second.holdout.tolist()


def test_the_summary_is_written_as_json_and_read_back() -> None:
    typed = made({"x": noise(1, 60), "y": [*["p", "q"] * 29, "p", "odd"]})
    summary = split_table(typed, target_of(typed, "y")).summary
    assert SplitSummary.model_validate_json(summary.model_dump_json()) == summary
