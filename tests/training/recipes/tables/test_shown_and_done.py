"""What the inspection shows of a table is what the pipeline does with it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.tables.exoplanets import k2_table, kepler_table, tess_table
from tests.training.tables.large.made_files import star_table, written
from training.recipes.tables.config import TablesConfig
from training.recipes.tables.large.analysis import LargeAnalysisStage
from training.recipes.tables.large.upload import LargeUpload
from training.recipes.tables.question_error import UnansweredError
from training.recipes.tables.stages.understanding import understood
from training.recipes.tables.stages.upload import DataUpload
from training.tables.errors import TableError
from training.tables.inspect.inspection import inspect_upload
from training.tables.large.settings import MIN_MEMORY_BYTES, LargeSettings
from training.tables.large.source import needs_streaming
from training.tables.limits import DEFAULT_LIMITS
from training.tables.target import RANK_UNDECIDED
from training.tables.understanding import MAX_ASKED_COLUMNS

MEMORY_BYTES = 2**21
RANK = {"undecided_labels": RANK_UNDECIDED}
SITES = "site,size,label\n" + "".join(
    f"{'north' if row % 3 else 'south'},{row / 7},{'ab'[row % 2]}\n" for row in range(60)
)
STARS_OF_ONE_ROW = k2_table(max_planets=1, max_rows=1)
"""`hostname` names each row, so that the profile alone would take it for an identifier."""


def shown(path: Path, description: str, **answers: str) -> Any:
    return inspect_upload(path, description, answers, DEFAULT_LIMITS, memory_bytes=MEMORY_BYTES)


def done(path: Path, description: str, **answers: str) -> Any:
    """The document that the pipeline stores of its analysis."""
    config = TablesConfig(data=str(path), description=description, answers=answers)
    if not needs_streaming(path, MEMORY_BYTES):
        return understood(config, DataUpload(MEMORY_BYTES).run(config, path)).document()
    folder = path.parent / "copies"
    folder.mkdir()
    settings = LargeSettings(memory_bytes=MIN_MEMORY_BYTES, budget_s=1)
    sample = LargeUpload().run(config, path, folder, settings)
    return LargeAnalysisStage().run(config, sample).document()


def agreed(path: Path, description: str, **answers: str) -> Any:
    """What both say of the table."""
    inspected = json.loads(json.dumps(shown(path, description, **answers)))
    analysed = json.loads(json.dumps(done(path, description, **answers)))
    if inspected["group"] is None:
        inspected["group"] = {"column": None, "reason": analysed["group"]["reason"]}
    for name in ("column", "problem_type", "classes", "undecided", "ranks_undecided", "reason"):
        assert inspected["target"][name] == analysed["target"][name], name
    for name in ("group", "offers"):
        assert inspected[name] == analysed[name]
    for name in ("identifier_columns", "group_candidates", "date_columns", "constant_columns"):
        assert inspected["profile"][name] == analysed["profile"][name], name
    return inspected


@pytest.mark.parametrize(
    ("content", "target", "group"),
    [
        (kepler_table(), "koi_disposition", "kepid"),
        (tess_table(), "tfopwg_disp", "tid"),
        (k2_table(40), "disposition", "hostname"),
        (STARS_OF_ONE_ROW, "disposition", "hostname"),
        (SITES, "label", None),
    ],
)
@pytest.mark.parametrize("answers", [{}, RANK])
def test_the_target_and_the_group_are_those_of_the_pipeline(
    tmp_path: Path, content: str, target: str, group: str | None, answers: dict[str, str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content)

    found = agreed(path, f"Predict {target}", **answers)

    assert found["target"]["column"] == target
    assert found["group"]["column"] == group


@pytest.mark.parametrize("known", [False, True])
def test_a_large_table_has_the_group_that_was_shown(tmp_path: Path, known: bool) -> None:
    stars = star_table(60_000)
    if known:
        stars = stars.rename_columns(
            [{"star": "hostname", "vetting": "pl_name"}.get(it, it) for it in stars.column_names]
        )
    path = written(stars, tmp_path / "stars.csv")

    found = agreed(path, "", target="disposition")

    assert found["group"]["column"] == ("hostname" if known else "star")


def test_a_known_group_that_is_to_be_predicted_is_no_group(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(k2_table(20))

    found = agreed(path, "", target="hostname")

    assert found["group"]["column"] != "hostname"


def test_questions_about_columns_end_and_both_take_the_same_columns_as_text(
    tmp_path: Path,
) -> None:
    names = [f"day{number}" for number in range(MAX_ASKED_COLUMNS + 2)]
    days = [f"0{1 + row % 9}/0{1 + row % 7}/2020" for row in range(40)]
    rows = [",".join([*([day] * len(names)), "ab"[row % 2]]) for row, day in enumerate(days)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join([",".join([*names, "label"]), *rows]))
    answers = {f"date_order:{name}": "day first" for name in names[: MAX_ASKED_COLUMNS - 1]}

    question = shown(path, "Predict the label", **answers)["question"]
    with pytest.raises(UnansweredError, match=question["id"]):
        done(path, "Predict the label", **answers)
    answers[question["id"]] = "day first"

    found = agreed(path, "Predict the label", **answers)
    assert [it["kind"] for it in found["columns"]].count("date") == MAX_ASKED_COLUMNS


def test_a_column_of_the_split_that_is_absent_is_named_however_many_rows_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.tables.inspect.inspection.MAX_CHECKED_ROWS", 10)
    path = tmp_path / "t.csv"
    path.write_text(SITES)
    for column in ("group", "date"):
        with pytest.raises(TableError, match="there is no 'absent'"):
            inspect_upload(path, "Predict label", {}, DEFAULT_LIMITS, **{column: "absent"})  # type: ignore[arg-type]


def test_two_groups_are_not_divided_by_and_this_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(SITES)

    found = shown(path, "Predict label")

    assert found["group"] is None
    assert any("'site' would name fewer than 3 groups" in note for note in found["notes"])
