"""The inspection of an upload, as a process and as a function."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.training.tables.large.made_files import star_table, written
from training.tables.errors import TableError
from training.tables.inspect.inspection import inspect_upload
from training.tables.inspect.summary import MAX_COLUMNS
from training.tables.limits import DEFAULT_LIMITS

DATES = "day,size,label\n" + "".join(
    f"{1 + row % 12:02d}/{1 + row % 11:02d}/2020,{row % 9},{'ab'[row % 2]}\n" for row in range(60)
)


def inspected(path: Path, **answers: str) -> Any:
    return inspect_upload(path, "Predict the label", answers, DEFAULT_LIMITS)


def test_questions_come_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(DATES)

    asked = inspected(path)
    answered = inspected(path, **{"date_order:day": "day first"})

    assert asked["question"]["id"] == "date_order:day"
    assert "day first" in asked["question"]["options"]
    assert asked["target"] is None
    assert answered["question"] is None
    assert answered["target"]["column"] == "label"
    assert answered["target"]["classes"] == {"a": 30, "b": 30}
    with pytest.raises(TableError, match="answer"):
        inspected(path, **{"date_order:day": "somehow"})


def test_a_known_table_brings_its_group(tmp_path: Path) -> None:
    path = tmp_path / "toi.csv"
    rows = (f"{row}.01,{row // 2},{['PC', 'KP', 'FP'][row % 3]},{row % 7}\n" for row in range(60))
    path.write_text("toi,tid,tfopwg_disp,x\n" + "".join(rows))

    found = inspect_upload(path, "Predict tfopwg_disp", {}, DEFAULT_LIMITS)

    assert found["group"]["column"] == "tid"
    assert found["offers"][0]["id"] == "undecided_labels"


def test_a_table_that_cannot_be_divided_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("size,label\n" + "".join(f"{row},{'ab'[row % 2]}\n" for row in range(6)))

    with pytest.raises(TableError, match="10 rows"):
        inspected(path)


def test_the_only_class_of_the_named_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("size,label\n" + "".join(f"{row % 7},a\n" for row in range(40)))

    with pytest.raises(TableError, match="two classes"):
        inspected(path)


def test_the_summary_of_a_wide_table_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    names = [f"c{number}" for number in range(MAX_COLUMNS + 100)]
    rows = [",".join([*(str(row % 5) for _ in names), "ab"[row % 2]]) for row in range(20)]
    path.write_text("\n".join([",".join([*names, "label"]), *rows]))

    found = inspected(path)

    assert found["num_columns"] == MAX_COLUMNS + 101
    assert len(found["columns"]) == MAX_COLUMNS


def run(*words: str) -> Any:
    finished = subprocess.run(
        [sys.executable, "-m", "training.tables.inspect", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    (line,) = finished.stdout.splitlines()
    return json.loads(line)


def test_the_process_prints_one_document_or_one_error(tmp_path: Path) -> None:
    table, empty = tmp_path / "t.csv", tmp_path / "empty"
    table.write_text(DATES)
    empty.touch()

    answers = json.dumps({"date_order:day": "day first"})
    found = run(str(table), "--description=Predict the label", f"--answers={answers}")
    refused = run(str(empty))

    assert found["num_rows"] == 60
    assert [column["kind"] for column in found["columns"]] == ["date", "number", "category"]
    assert refused["error"]["code"] == "VALIDATION_ERROR"
    assert "empty" in refused["error"]["message"]


def test_of_a_table_past_the_memory_limit_a_sample_is_inspected(tmp_path: Path) -> None:
    path = written(star_table(100_000), tmp_path / "stars.csv")
    answers = {"target": "disposition"}

    found = inspect_upload(path, "", answers, DEFAULT_LIMITS, memory_bytes=2**21)

    assert found["num_rows"] == 100_000
    assert sum(found["target"]["classes"].values()) < 100_000
    assert found["group"]["column"] == "star"
    assert any("of 100,000 rows, drawn at random" in note for note in found["notes"])
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    with pytest.raises(TableError, match="not divided by time"):
        inspect_upload(path, "", answers, DEFAULT_LIMITS, date="size", memory_bytes=2**21)
