"""A model answers in the type of its target, warns, explains, and outlives being stored."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.training.tables.model.small_models import COLUMNS, MEASURED, TARGETS, model, table
from training.tables.errors import TableError
from training.tables.evaluation.calibration import CalibrationKind
from training.tables.learners.registry import LEARNERS
from training.tables.model.model_file import MODEL_FILE
from training.tables.model.predictions import TablePredictions
from training.tables.model.table_model import TableModel, rows_from_json, rows_from_table

EXPLAINED = slice(70, 74)
CALIBRATED = CalibrationKind.TEMPERATURE


def rows(of: TableModel, target: str = "name") -> pa.Table:
    part = rows_from_table(of, table(target))
    return part.slice(EXPLAINED.start, EXPLAINED.stop - EXPLAINED.start)


def one(**changed: Any) -> TablePredictions:
    row = {"a[1]": 0.5, "b<2": 3, "kind": "x", "seen": "1200-02-01", "yes": True, "note": "word1"}
    lightgbm = model("lightgbm")
    return lightgbm.predict(rows_from_json(lightgbm, [{**row, **changed}]))


@pytest.mark.parametrize(
    ("target", "kind"), [("flag", bool), ("grade", int), ("name", str), ("size", float)]
)
def test_labels_have_the_type_of_the_target(target: str, kind: type) -> None:
    lightgbm = model("lightgbm", target=target)
    predicted = lightgbm.predict(rows_from_table(lightgbm, table(target)))
    assert {type(label) for label in predicted.labels} == {kind}
    if target != "size":
        assert set(predicted.labels) <= set(np.array(TARGETS[target]).tolist())
        assert np.mean(np.array(predicted.labels) == TARGETS[target]) > 0.8


def test_probabilities_are_calibrated_and_by_class() -> None:
    plain, calibrated = model("lightgbm"), model("lightgbm", calibration=CALIBRATED)
    before, after = (item.predict(rows(item)) for item in (plain, calibrated))
    assert before.confidence is not None
    assert after.confidence is not None
    assert (after.confidence < before.confidence).all()
    first = next(after.rows())
    assert first.probabilities is not None
    assert list(first.probabilities) == ["CONFIRMED", "FALSE POSITIVE"]
    assert sum(first.probabilities.values()) == pytest.approx(1)
    assert first.confidence == max(first.probabilities.values())


def test_a_regression_has_numbers_alone() -> None:
    lightgbm = model("lightgbm", target="size")
    row = next(lightgbm.predict(rows(lightgbm, "size")).rows())
    assert isinstance(row.label, float)
    assert row.probabilities is None
    assert row.confidence is None


@pytest.mark.parametrize("learner", list(LEARNERS))
@pytest.mark.parametrize("target", ["flag", "grade", "size"])
def test_contributions_add_up_to_the_named_output(learner: str, target: str) -> None:
    explained = model(learner, target=target)
    given = rows(explained, target)
    predicted = explained.predict(given, explain=True)
    values = explained.encoder.transform(given)
    margin = np.mean([m.margin(values) for m in explained.ensemble.main.members], axis=0)
    assert predicted.explanations is not None
    for at, explanation in enumerate(predicted.explanations):
        total = explanation.base_value + sum(explanation.contributions.values())
        # With two classes, the one output is about the second.
        output = explained.target.labels.index(predicted.labels[at]) if target == "grade" else 0
        assert total == pytest.approx(explanation.total, abs=1e-4)
        assert explanation.total == pytest.approx(margin[at, output], abs=1e-9)
        assert len(explanation.contributions) == len(explained.encoder.features)
        about = {"flag": "true", "grade": str(predicted.labels[at]), "size": "size"}[target]
        assert about in explanation.output
    assert predicted.explained_model == LEARNERS[learner].title


@pytest.mark.parametrize("learner", ["lightgbm", "xgboost", "catboost", "hist_gradient_boosting"])
def test_a_single_booster_follows_from_the_sum(learner: str) -> None:
    binary = model(learner, target="flag", num_folds=1)
    predicted = binary.predict(rows(binary, "flag"), explain=True)
    assert predicted.adds_up_to is not None
    assert predicted.adds_up_to.endswith(
        f"add up to the log-odds of the second class, true, of {LEARNERS[learner].title}. "
        "The probabilities follow from it by the logistic function."
    )
    assert predicted.explanations is not None
    assert predicted.probabilities is not None
    totals = np.array([item.total for item in predicted.explanations])
    assert 1 / (1 + np.exp(-totals)) == pytest.approx(predicted.probabilities[:, 1], abs=1e-5)


@pytest.mark.parametrize(
    ("learners", "target", "calibration", "expected"),
    [
        (
            ("lightgbm",),
            "grade",
            CalibrationKind.IDENTITY,
            (
                "Base value and contributions add up to the log-odds of each class before softmax of "
                "LightGBM, averaged over its 2 models, one for each fold. Probabilities are averaged "
                "over the folds, so this sum alone does not give them."
            ),
        ),
        (
            ("lightgbm", "linear"),
            "name",
            CALIBRATED,
            (
                "Base value and contributions add up to the log-odds of the second class, FALSE "
                "POSITIVE, of LightGBM, averaged over its 2 models, one for each fold. Probabilities "
                "are averaged over the folds, averaged over 2 kinds of models, of which this one has "
                "75% of the weight, then calibrated (temperature), so this sum alone does not give "
                "them."
            ),
        ),
        (
            ("lightgbm",),
            "size",
            CalibrationKind.IDENTITY,
            (
                "Base value and contributions add up to the predicted number of LightGBM, averaged "
                "over its 2 models, one for each fold. The predicted number is this sum."
            ),
        ),
        (
            ("random_forest",),
            "name",
            CalibrationKind.IDENTITY,
            (
                "Base value and contributions add up to the probability of the second class, FALSE "
                "POSITIVE, of Random forest, averaged over its 2 models, one for each fold. The "
                "probability is this sum."
            ),
        ),
    ],
)
def test_what_the_contributions_add_up_to_is_said(
    learners: tuple[str, ...], target: str, calibration: CalibrationKind, expected: str
) -> None:
    assert model(*learners, target=target, calibration=calibration).adds_up_to() == expected


def test_sums_that_are_said_to_be_the_prediction_are() -> None:
    for learner, target in (("lightgbm", "size"), ("random_forest", "name")):
        explained = model(learner, target=target)
        predicted = explained.predict(rows(explained, target), explain=True)
        assert predicted.explanations is not None
        answers = (
            predicted.labels if predicted.probabilities is None else predicted.probabilities[:, 1]
        )
        totals = [item.total for item in predicted.explanations]
        assert totals == pytest.approx(list(answers), abs=1e-6)


def test_reasons_are_the_columns_that_matter_most_in_words() -> None:
    explained = model("lightgbm")
    predicted = explained.predict(rows(explained), explain=True, top=2)
    assert predicted.explanations is not None
    first = predicted.explanations[0]
    assert len(first.reasons) <= 2
    value = MEASURED[EXPLAINED.start]
    effect = first.contributions["a[1]"]
    assert first.reasons[0].startswith(f"a[1] is {value:.6g}, ")
    assert first.reasons[0].endswith(
        f"% of the training rows: {'raises' if effect > 0 else 'lowers'} "
        f"the log-odds of FALSE POSITIVE by {abs(effect):.3g}"
    )


def test_each_value_that_training_lacked_is_warned_of() -> None:
    assert not one().warnings
    found = one(**{"a[1]": 1e6, "kind": "other", "seen": "2900-01-01", "note": None})
    low, high = MEASURED[:60].min(), MEASURED[:60].max()
    assert {(item.column, item.message) for item in found.warnings} == {
        ("a[1]", f"outside the range seen in training, {low:.6g} to {high:.6g}"),
        ("kind", "a category that training did not have"),
        ("seen", "outside the range seen in training, 1000-01-01 to 2180-12-01"),
        ("note", "missing, but training had no missing value here"),
    }
    assert {item.row for item in found.warnings} == {1}
    # A column that had missing values in training may have them.
    assert not one(**{"b<2": None}).warnings


def test_answers_are_json() -> None:
    explained = model("lightgbm", target="grade")
    answer = explained.predict(rows(explained, "grade"), explain=True, first_row=71).to_json()
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert [row["row"] for row in answer["rows"]] == [71, 72, 73, 74]
    assert answer["explained_model"] == "LightGBM"
    assert answer["adds_up_to"].startswith("Base value and contributions add up to")
    assert set(answer["rows"][0]) == {
        *("row", "label", "probabilities", "confidence", "warnings", "explanation"),
    }


def test_no_rows_have_no_answers() -> None:
    explained = model("lightgbm")
    nothing = explained.predict(rows(explained).slice(0, 0), explain=True)
    assert nothing.labels == ()
    assert list(nothing.rows()) == []


def test_a_stored_model_answers_the_same(tmp_path: Path) -> None:
    stored = model(*LEARNERS, calibration=CALIBRATED)
    stored.save(tmp_path)
    loaded = TableModel.load(tmp_path)
    given = rows(stored)
    before, after = (item.predict(given, explain=True) for item in (stored, loaded))
    assert after.labels == before.labels
    assert np.array_equal(after.probabilities, before.probabilities)  # type: ignore[arg-type]
    assert after.explanations == before.explanations
    assert loaded.inputs == stored.inputs
    assert loaded.evidence == {"metrics": {"macro_f1": 0.5}}
    assert loaded.facts == {"table": "made"}
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not [file for file in files if file.suffix in (".pkl", ".pickle", ".joblib")]


def change(folder: Path, **changed: Any) -> None:
    file = folder / MODEL_FILE
    file.write_text(json.dumps({**json.loads(file.read_text()), **changed}))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"format_version": 2}, "Expected a model in format 1, but format 2 came"),
        ({"inputs": []}, "a description of each column that is encoded"),
        ({"inputs": 3}, "malformed at inputs"),
        ({"surprise": 1}, "malformed at surprise"),
    ],
)
def test_a_model_file_that_does_not_fit_is_refused(
    tmp_path: Path, changed: dict[str, Any], expected: str
) -> None:
    model("lightgbm").save(tmp_path)
    change(tmp_path, **changed)
    with pytest.raises(TableError, match=expected):
        TableModel.load(tmp_path)


def test_parts_of_other_models_are_refused(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    model("lightgbm").save(first)
    model("lightgbm", target="grade").save(second)
    (first / "ensemble").rename(tmp_path / "kept")
    (second / "ensemble").rename(first / "ensemble")
    with pytest.raises(TableError, match="a binary problem with 2 classes, but one is of a multi"):
        TableModel.load(first)
    target = json.loads((second / MODEL_FILE).read_text())["target"]
    change(first, target={**target, "classes": ["0", "0", "x"]})
    with pytest.raises(TableError, match="Expected different classes"):
        TableModel.load(first)
    change(first, target={**target, "classes": ["0", "1", "x"]})
    with pytest.raises(TableError, match="Expected classes of the type 'integer'"):
        TableModel.load(first)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"a model.json, but it cannot be read: No such file"):
        TableModel.load(tmp_path)
    (tmp_path / MODEL_FILE).write_text("{")
    with pytest.raises(TableError, match="malformed at the whole file"):
        TableModel.load(tmp_path)


def test_columns_that_are_empty_in_training_are_not_asked_for() -> None:
    assert [column.name for column in model("lightgbm").inputs] == [
        name for name in COLUMNS if name
    ]
