"""Mappings between values and classes hold for nearly all rows of every class, or do not count."""

import numpy as np

from training.tables.labels import Labels
from training.tables.leaks.column_bins import MAX_BINS
from training.tables.leaks.label_mapping import NO_MAPPING, LabelMapping, label_mapping
from training.tables.targets.problem_type import ProblemType


def mapping(bins: list[int], codes: list[int]) -> LabelMapping:
    labels = Labels(
        problem_type=ProblemType.MULTICLASS,
        classes=("a", "b", "c"),
        strata=np.array(codes, np.int64),
        numbers=np.array(codes, np.float64),
    )
    return label_mapping(np.array(bins, np.int64), labels)


THREE = [0, 1, 2] * 100


def test_other_names_of_all_labels_are_one_to_one() -> None:
    found = mapping([5 - code for code in THREE], THREE)
    assert found.is_one_to_one
    assert found.is_coarser


def test_labels_joined_are_coarser_only() -> None:
    found = mapping([min(code, 1) for code in THREE], THREE)
    assert not found.is_one_to_one
    assert found.is_coarser
    assert found.decides == "a"


def test_two_in_a_hundred_rows_may_differ_but_not_more() -> None:
    bins = [*THREE]
    bins[:6] = [1, 2, 0, 1, 2, 0]
    assert mapping(bins, THREE).is_one_to_one
    bins[6:9] = [1, 2, 0]
    assert not mapping(bins, THREE).is_coarser


def test_a_constant_is_no_mapping() -> None:
    assert mapping([1] * 300, THREE) == NO_MAPPING


def test_a_class_of_few_rows_says_nothing() -> None:
    codes = [0] * 291 + [1] * 9
    assert mapping(codes, codes) == NO_MAPPING


def test_a_value_decides_a_class_with_enough_rows_of_it() -> None:
    def flag(num_rows: int, wrong: int = 0) -> list[int]:
        return [
            int(code == 2 and row < 3 * num_rows) or int(code == 0 and row < 3 * wrong)
            for row, code in enumerate(THREE)
        ]

    assert mapping(flag(30), THREE).decides == "c"
    assert mapping(flag(29), THREE).decides is None
    assert mapping(flag(30, wrong=1), THREE).decides is None


def test_in_a_table_of_one_common_class_a_pure_value_is_nothing_special() -> None:
    codes = [0] * 990 + [1] * 10
    bins = [row % 2 for row in range(1000)]
    assert mapping(bins, codes).decides is None


def test_ranges_of_a_number_decide_nothing() -> None:
    codes = sorted(THREE)
    bins = [1 + row * MAX_BINS // 300 for row in range(300)]
    assert mapping(bins, codes).decides is None
