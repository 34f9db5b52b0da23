"""A model of tables in memory answers with exact types, sums that hold, and warnings."""

from pathlib import Path
from typing import Any

import pytest

from serving.engine.model_file import ModelRefusedError
from serving.engine.registry import RegisteredVersion
from serving.tables.cells import cell_of
from serving.tables.loaded_table import LoadedTable, load_table
from serving.tables.options import PredictionOptions
from serving.v1 import predictions_pb2 as messages
from tests.serving.tables.trained_tables import NUM_ROWS, labels, trained
from training.tables.errors import TableError
from training.tables.targets.problem_type import ProblemType

VERSION = RegisteredVersion(name="planets", version="3", run_id="run", created_ms=0)
ROW: dict[str, Any] = {"period": 1.5, "depth": 9, "host": "G", "seen": True}


def loaded(
    folder: Path, target: list[Any], kind: ProblemType = ProblemType.MULTICLASS
) -> LoadedTable:
    trained(target, kind).save(folder / "model")
    return load_table(VERSION, folder / "model")


def predict(model: LoadedTable, *rows: dict[str, Any], **given: Any) -> messages.Predictions:
    options = PredictionOptions.parse(messages.PredictionOptions(model="planets", **given))
    return model.predict(model.rows_of_cells(rows), 1, options)


@pytest.mark.parametrize(
    ("classes", "kind"),
    [
        ((3, 5, 9), ProblemType.MULTICLASS),
        ((False, True), ProblemType.BINARY),
        (("1", "yes", "é"), ProblemType.MULTICLASS),
    ],
)
def test_a_label_has_the_exact_type_of_the_target(
    tmp_path: Path, classes: tuple[Any, ...], kind: ProblemType
) -> None:
    model = loaded(tmp_path, labels(classes), kind)
    made = predict(model, ROW, {**ROW, "period": 690.0})

    found = [cell_of(row.label) for row in made.rows]
    assert found == [classes[0], classes[-1]]
    assert [type(label) for label in found] == [type(classes[0]), type(classes[-1])]
    assert [cell_of(value) for value in made.classes] == sorted(classes)
    for row in made.rows:
        assert sum(row.probabilities) == pytest.approx(1)
        assert row.confidence == max(row.probabilities)
    assert (made.model.name, made.model.version, made.model.run_id) == ("planets", "3", "run")
    assert made.target == "label"


def test_a_number_has_neither_probabilities_nor_confidence(tmp_path: Path) -> None:
    numbers = [float(at) for at in range(NUM_ROWS)]
    model = loaded(tmp_path, numbers, ProblemType.REGRESSION)
    (row,) = predict(model, {**ROW, "period": 350.0}, confidence_threshold=1).rows

    assert isinstance(cell_of(row.label), float)
    assert cell_of(row.label) == pytest.approx(45, abs=5)
    assert not row.probabilities
    assert not row.HasField("confidence")
    assert not row.abstained


def test_contributions_add_up_and_reasons_are_in_words(tmp_path: Path) -> None:
    model = loaded(tmp_path, labels(("a", "b", "c")))
    made = predict(model, ROW, {**ROW, "seen": None}, explain=True, top=2)

    assert "add up to" in made.explained.adds_up_to
    assert set(made.explained.features) == set(ROW)
    for row in made.rows:
        explained = row.explanation
        total = explained.base_value + sum(explained.contributions)
        assert total == pytest.approx(explained.sum, abs=1e-4)
        assert len(explained.reasons) == 2
        assert "period" in explained.reasons[0]
    assert not predict(model, ROW).HasField("explained")


def test_a_low_confidence_abstains(tmp_path: Path) -> None:
    model = loaded(tmp_path, labels(("a", "b")), ProblemType.BINARY)
    sure, unsure = predict(model, ROW, {**ROW, "period": 350.0}, confidence_threshold=0.95).rows

    assert not sure.abstained
    assert unsure.abstained
    assert "below the threshold 0.95" in unsure.reason


def test_values_unlike_those_of_training_are_warned_of(tmp_path: Path) -> None:
    model = loaded(tmp_path, labels(("a", "b")), ProblemType.BINARY)
    known, unlike = predict(model, ROW, {**ROW, "period": 9999, "host": "Z"}).rows

    assert not known.warnings
    assert {(it.row, it.column) for it in unlike.warnings} == {(2, "period"), (2, "host")}
    assert "0.5 to 700" in unlike.warnings[0].text


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"period": 1.0}, "absent"),
        ({**ROW, "period": "about a day"}, "column 'period'"),
        ({**ROW, "period": float("inf")}, "column 'period'"),
        ({**ROW, "seen": 7}, "column 'seen'"),
        ({**ROW, "host": "x" * 200_000}, "column 'host'"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named(
    tmp_path: Path, row: dict[str, Any], named: str
) -> None:
    model = loaded(tmp_path, labels(("a", "b")), ProblemType.BINARY)
    with pytest.raises(TableError) as refused:
        model.rows_of_cells([ROW, row])
    assert "Row 2" in str(refused.value)
    assert named in str(refused.value)
    assert "about a day" not in str(refused.value)


def test_other_columns_and_missing_values_are_taken(tmp_path: Path) -> None:
    model = loaded(tmp_path, labels(("a", "b")), ProblemType.BINARY)
    rows = [{**ROW, "notes": "a", "=cmd()": None}, {**ROW, "depth": float("nan"), "host": None}]
    assert len(predict(model, *rows).rows) == 2


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    trained(labels(("a", "b")), ProblemType.BINARY).save(tmp_path / "model")
    (tmp_path / "model" / "model.json").write_text("{}")
    with pytest.raises(ModelRefusedError):
        load_table(VERSION, tmp_path / "model")
