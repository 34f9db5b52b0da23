"""Columns that give the answer away are flagged for a reason, and strong honest ones are not."""

import datetime as dt
import string
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.tables.exoplanets import kepler_table, tess_table
from tests.training.tables.made_tables import made, noise, target_of
from tests.training.tables.reading import typed as typed_text
from training.tables.descriptions import TypedTable
from training.tables.errors import TableError
from training.tables.leak_check import LeakSettings, find_leaks
from training.tables.leaks.leak_report import Leak, LeakReport
from training.tables.leaks.overrides import Override
from training.tables.leaks.rules import LeakRule
from training.tables.split import split_table
from training.tables.splits.table_split import SplitSettings
from training.tables.targets.problem_type import ProblemType

NUM_ROWS = 600
QUICK = LeakSettings(num_model_folds=1)
FIRST_DAY = dt.date(2024, 1, 1)


def is_lost() -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Whether each customer left, which x and z tell in part."""
    return noise(1, NUM_ROWS) + noise(2, NUM_ROWS) + noise(3, NUM_ROWS) > 0.4


def customers() -> dict[str, Any]:
    return {
        "x": noise(1, NUM_ROWS),
        "z": noise(2, NUM_ROWS),
        "churn": ["yes" if lost else "no" for lost in is_lost()],
    }


def report_of(columns: dict[str, Any], target: str = "churn", **options: Any) -> LeakReport:
    typed = made(columns)
    return report_on(typed, target, **options)


def report_on(
    typed: TypedTable,
    target: str,
    *,
    group: str | None = None,
    answers: dict[str, str] | None = None,
    **options: Any,
) -> LeakReport:
    choice = target_of(typed, target, answers)
    split = split_table(typed, choice, group=group, ignored=options.get("row_names", ()))
    return find_leaks(typed, choice, split, **{"settings": QUICK, **options})


def signal(strength: float, seed: int = 9) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """A number that is `strength` standard deviations larger for lost customers."""
    return is_lost() * strength + noise(seed, NUM_ROWS)


def days(offsets: Sequence[float]) -> list[dt.date]:
    return [FIRST_DAY + dt.timedelta(days=int(offset)) for offset in offsets]


LEAKS: dict[str, tuple[Callable[[], Any], LeakRule]] = {
    "gone": (lambda: ["left" if lost else "stays" for lost in is_lost()], LeakRule.ONE_TO_ONE),
    "state": (lambda: is_lost().astype(int) + 4, LeakRule.ONE_TO_ONE),
    "margin": (lambda: signal(8), LeakRule.NEAR_PERFECT),
    "churn_risk": (lambda: signal(2.2), LeakRule.NAME),
    "model_score": (lambda: signal(2.2), LeakRule.JUDGEMENT),
    "reviewflag": (
        lambda: [int(lost and row % 3 == 0) for row, lost in enumerate(is_lost())],
        LeakRule.JUDGEMENT,
    ),
    "farewell": (
        lambda: [row / 7 if lost and row % 5 else None for row, lost in enumerate(is_lost())],
        LeakRule.MISSINGNESS,
    ),
    "rowupdate": (lambda: days(100 + 40 * signal(1)), LeakRule.PROVENANCE),
    "serial": (lambda: np.argsort(np.argsort(signal(1))) + 1000.01, LeakRule.SERIAL),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_found_by_its_rule_and_left_out(name: str) -> None:
    values, rule = LEAKS[name]
    report = report_of({**customers(), name: values()})
    (leak,) = report.leaks
    assert leak.column == name
    assert rule in leak.rules
    assert leak.left_out
    assert leak.score_with is not None
    assert leak.score_without is not None
    assert leak.score_with > leak.score_without + 0.005
    assert report.left_out == (name,)
    assert leak.reason.endswith(".")
    assert report.comparison.with_all is not None
    assert report.comparison.with_all.score == leak.score_with


HONEST: dict[str, Callable[[], Any]] = {
    "strong": lambda: signal(3.2),
    "credit_score": lambda: signal(1),
    "last_churn_risk": lambda: signal(1.9, seed=11),
    "visited": lambda: days(100 + 40 * signal(1.5, seed=12)),
    "profile": lambda: ["abc"[int(lost) + row % 2] for row, lost in enumerate(is_lost())],
    "laboratory": lambda: [
        None if row % 10 < 3 + 3 * lost else measured
        for row, (lost, measured) in enumerate(zip(is_lost(), noise(13, NUM_ROWS), strict=True))
    ],
    "phone_number": lambda: np.random.default_rng(5).permutation(NUM_ROWS),
}


def test_strong_columns_are_not_flagged_for_being_strong() -> None:
    report = report_of({**customers(), **{name: make() for name, make in HONEST.items()}})
    assert report.leaks == ()
    assert [suspect.column for suspect in report.suspects] == ["strong"]
    (suspect,) = report.suspects
    assert suspect.score_with is not None
    assert suspect.score_without is not None
    assert suspect.score_with > suspect.score_without
    assert any("'strong'" in note for note in report.notes)
    assert report.row_names == ("phone_number",)
    assert report.comparison.without_leaks == report.comparison.as_decided


def test_a_sign_of_one_class_is_honest_but_its_name_in_words_is_not() -> None:
    kinds = ["bird", "mammal", "fish"] * 100
    columns = {
        "has_feathers": [kind == "bird" for kind in kinds],
        "weight": noise(1, 300),
        "kind": kinds,
    }
    assert report_of(columns, "kind").leaks == ()
    columns["family"] = ["flies" if kind == "bird" else "does not" for kind in kinds]
    (leak,) = report_of(columns, "kind").leaks
    assert leak.rules == (LeakRule.COARSER,)


def test_of_numbers_a_copy_is_flagged_and_a_good_predictor_is_not() -> None:
    price = np.exp(noise(4, NUM_ROWS))
    columns = {
        "area": price * np.exp(0.4 * noise(5, NUM_ROWS)),
        "in_euros": price * 0.9 + 0.0001 * noise(6, NUM_ROWS),
        "price": price,
    }
    report = report_of(columns, "price", answers={"problem_type": ProblemType.REGRESSION})
    assert [leak.column for leak in report.leaks] == ["in_euros"]
    with_all, without = report.comparison.with_all, report.comparison.without_leaks
    assert with_all is not None
    assert without is not None
    assert with_all.r2 is not None
    assert without.r2 is not None
    assert with_all.score > 0.99 > without.score > 0.8
    assert with_all.r2 > without.r2
    assert with_all.macro_f1 is None


def test_the_holdout_is_not_looked_at() -> None:
    columns = customers()
    typed = made({**columns, "copy": noise(8, NUM_ROWS)})
    target = target_of(typed, "churn")
    ignored = ["copy"]
    split = split_table(typed, target, ignored=ignored)
    copy = noise(8, NUM_ROWS)
    copy[split.holdout] = is_lost()[split.holdout] * 100
    changed = made({**columns, "copy": copy})
    assert find_leaks(changed, target, split, settings=QUICK).leaks == ()


def test_an_override_keeps_a_column_and_is_on_record() -> None:
    columns = {**customers(), "model_score": signal(2.2), "churn_risk": signal(2.2, seed=12)}
    kept = Override(column="model_score", who="ada", why="known a month before")
    needless = Override(column="x", who="ada", why="good")
    report = report_of(columns, overrides=[kept, needless])
    by_name = {leak.column: leak for leak in report.leaks}
    assert by_name["model_score"].override == kept
    assert not by_name["model_score"].left_out
    assert report.left_out == ("churn_risk",)
    decided, without = report.comparison.as_decided, report.comparison.without_leaks
    assert decided is not None
    assert without is not None
    assert decided.num_columns == without.num_columns + 1 == 3
    assert decided.score == by_name["model_score"].score_with
    assert "'x' was to be kept, but is not flagged." in report.notes


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (Override(column="nothing", who="ada", why="so"), "no feature 'nothing'"),
        (Override(column="churn", who="ada", why="so"), "no feature 'churn'"),
        (Override(column="x", who=" ", why="so"), "who keeps the column 'x'"),
        (Override(column="x", who="ada", why=""), "who keeps the column 'x'"),
    ],
)
def test_an_override_needs_a_column_a_person_and_a_reason(override: Override, message: str) -> None:
    with pytest.raises(TableError, match=message):
        report_of(customers(), overrides=[override])


def test_a_deadline_ends_the_search_and_says_what_is_missing() -> None:
    seconds = iter(range(10_000))
    columns = {**customers(), **{f"n{k}": noise(20 + k, NUM_ROWS) for k in range(20)}}
    report = report_of(
        {**columns, "churn_risk": signal(2.2)},
        settings=LeakSettings(deadline_s=7, num_model_folds=1),
        clock=lambda: float(next(seconds)),
    )
    # Columns whose names say something come first.
    (leak,) = report.leaks
    assert leak.column == "churn_risk"
    assert len(report.not_examined) > 10
    assert leak.score_with is None
    assert any("no time or room to examine" in note for note in report.notes)
    assert any("no time to score" in note for note in report.notes)


def test_of_many_columns_the_best_are_examined() -> None:
    columns = {**{f"n{k}": noise(20 + k, NUM_ROWS) for k in range(30)}, **customers()}
    settings = LeakSettings(max_columns=5, max_modelled_columns=2, num_model_folds=1)
    report = report_of({"margin": signal(8), **columns}, settings=settings)
    assert [leak.column for leak in report.leaks] == ["margin"]
    assert {"x", "z"} <= {score.column for score in report.columns}
    assert len(report.not_examined) == 28
    assert report.comparison.without_leaks is not None
    assert report.comparison.without_leaks.num_columns == 2
    assert any("without 2 columns" in note for note in report.notes)


def test_a_large_table_is_sampled_and_the_report_says_so() -> None:
    settings = LeakSettings(max_scored_rows=300, max_modelled_rows=200, num_model_folds=1)
    report = report_of({**customers(), "margin": signal(8)}, settings=settings)
    assert [leak.column for leak in report.leaks] == ["margin"]
    assert 290 <= report.num_rows_scored <= 310
    assert 190 <= report.num_rows_modelled <= 210
    assert len([note for note in report.notes if "sample" in note]) == 2


def test_the_report_is_the_same_each_time_and_has_no_cells() -> None:
    columns = {**customers(), "gone": ["secret" if lost else "stays" for lost in is_lost()]}
    first, second = report_of(columns), report_of(columns)
    assert first == second
    text = first.model_dump_json()
    assert LeakReport.model_validate_json(text) == first
    assert "secret" not in text


def test_a_table_that_is_sorted_by_label_is_pointed_out() -> None:
    columns = customers()
    order = np.argsort(columns["churn"])
    ordered = {name: np.asarray(values)[order] for name, values in columns.items()}
    assert any("ordered by the target" in note for note in report_of(ordered).notes)
    assert not report_of(columns).notes


def test_without_honest_columns_the_score_is_that_of_chance() -> None:
    columns = {"churn": customers()["churn"], "margin": signal(8)}
    report = report_of(columns)
    assert report.comparison.without_leaks is not None
    assert report.comparison.without_leaks.score == 0.5


def test_few_rows_of_many_classes_are_scored_without_a_warning() -> None:
    letters = [string.ascii_uppercase[n % 26] for n in range(100)]
    report = report_of({"x": noise(3, 100), "empty": [None] * 100, "letter": letters}, "letter")
    assert report.leaks == ()
    assert 0.3 < report.columns[0].value < 0.7


def test_groups_and_duplicates_are_not_shared() -> None:
    columns = {**customers(), "patient": [n // 3 for n in range(NUM_ROWS)]}
    report = report_of(columns, group="patient")
    assert report.overlap.num_groups_shared == 0
    assert report.overlap.num_groups_shared_at_random > 20
    assert report.overlap.num_duplicates_shared == 0
    assert "patient" not in [score.column for score in report.columns]


def by_column(report: LeakReport) -> dict[str, Leak]:
    return {leak.column: leak for leak in report.leaks}


def test_the_kepler_table_is_known(tmp_path: Path) -> None:
    typed = typed_text(tmp_path, kepler_table(120))
    report = report_on(typed, "koi_disposition", group="kepid")
    assert report.known_table == "cumulative"
    leaks = by_column(report)
    known = {"koi_pdisposition", "koi_score", "koi_fpflag_nt", "kepler_name"}
    assert known <= leaks.keys()
    assert LeakRule.MISSINGNESS in leaks["kepler_name"].rules
    assert LeakRule.COARSER in leaks["koi_pdisposition"].rules
    # The scores of this made table are random, so that only the file knows it.
    assert leaks["koi_score"].rules == (LeakRule.KNOWN_TABLE,)
    assert "kepoi_name" in report.row_names
    assert "koi_period" not in leaks


def test_what_is_known_is_of_no_use_for_another_target(tmp_path: Path) -> None:
    typed = typed_text(tmp_path, kepler_table(120))
    report = report_on(typed, "koi_pdisposition", group="kepid")
    assert report.known_table is None
    assert "koi_score" not in by_column(report)


def test_the_tess_table_is_known(tmp_path: Path) -> None:
    header, *lines = tess_table(200).splitlines()
    rows = [f"{line},{'' if n % 2 else n / 7},{n}" for n, line in enumerate(lines)]
    text = "\n".join([f"{header},pl_radeerr1,pl_tranmiderr1", *rows]) + "\n"
    report = report_on(typed_text(tmp_path, text), "tfopwg_disp", group="tid")
    assert report.known_table == "toi"
    # An error that is never missing tells nothing by being so.
    assert set(by_column(report)) == {"toi", "toi_created", "pl_radeerr1"}


def test_a_time_ordered_split_is_searched_as_well() -> None:
    columns = {**customers(), "day": days(range(NUM_ROWS)), "margin": signal(8)}
    typed = made(columns)
    target = target_of(typed, "churn")
    split = split_table(typed, target, date="day", settings=SplitSettings(num_folds=3))
    assert by_column(find_leaks(typed, target, split, settings=QUICK)).keys() == {"margin"}
