"""A model is trained in batches, judged on groups that it never saw, and says what is left out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.training.tables.large.made_files import SMALL, opened, star_table, written
from training.tables.errors import TableError
from training.tables.evaluation.calibration import Calibration
from training.tables.features.encoder import TableEncoder
from training.tables.large.memory_plan import MemoryPlan
from training.tables.large.report import LargeReport
from training.tables.large.training import LargeResult, LargeStage, train_large
from training.tables.learners.registry import load_model
from training.tables.model.table_rows import rows_of
from training.tables.reader import ReadTable, read_table
from training.tables.target import RANK_UNDECIDED

ANSWERS = {"target": "disposition", "undecided_labels": RANK_UNDECIDED}
NUM_ROWS = 6000


@pytest.fixture(scope="module")
def stars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(star_table(NUM_ROWS), tmp_path_factory.mktemp("stars") / "stars.parquet")


@pytest.fixture(scope="module")
def trained(stars: Path) -> tuple[LargeResult, list[LargeStage]]:
    stages: list[LargeStage] = []
    table = opened(stars, ANSWERS, group="star")
    return train_large(table, stars.parent, settings=SMALL, on_stage=stages.append), stages


def test_all_rows_train_or_are_judged(trained: tuple[LargeResult, list[LargeStage]]) -> None:
    result, stages = trained
    report = result.report
    assert stages == list(LargeStage)
    assert set(report.seconds) == set(LargeStage)
    assert report.num_rows == NUM_ROWS
    assert report.num_sampled == 1500
    assert sum(part.num_rows for part in report.parts) == NUM_ROWS - report.num_unlabelled
    assert report.num_unlabelled == 121
    assert report.num_trained + report.num_validated == sum(
        part.num_rows for part in report.parts[1:]
    )
    assert report.parts[0].num_rows == result.holdout.num_rows == report.num_evaluated
    assert 900 < result.holdout.num_rows < 1500
    assert result.holdout.num_groups < 0.4 * result.holdout.num_rows
    assert LargeReport.model_validate_json(report.model_dump_json()) == report


def test_the_leak_is_left_out_and_the_score_is_honest(
    trained: tuple[LargeResult, list[LargeStage]],
) -> None:
    result, _ = trained
    assert "vetting" in result.leaks.left_out
    assert set(result.encoder.input_columns) == {"depth", "size", "kind"}
    found = result.holdout.metrics["auroc_macro"].value
    assert found is not None
    assert 0.9 < found < 0.98
    assert result.holdout.gap is not None
    assert result.selection_score is not None
    assert result.holdout.gap.selection == result.selection_score.value


def test_ranges_are_those_of_all_rows_that_trained(
    trained: tuple[LargeResult, list[LargeStage]], stars: Path
) -> None:
    result, _ = trained
    (depth,) = [column for column in result.report.columns if column.name == "depth"]
    (described,) = [column for column in result.inputs if column.name == "depth"]
    assert (described.minimum, described.maximum) == (depth.minimum, depth.maximum)
    assert (
        described.num_rows
        == depth.num_rows
        == result.report.num_trained + (result.report.num_validated)
    )
    assert depth.num_missing == pytest.approx(0.1 * depth.num_rows, rel=0.2)


def test_what_is_left_out_is_said(trained: tuple[LargeResult, list[LargeStage]]) -> None:
    result, _ = trained
    left_out = " ".join(result.report.left_out)
    for part in ("Only XGBoost", "no ensemble", "different groups", "a sample of 1,500 of 6,000"):
        assert part in left_out
    notes = " ".join(result.report.notes)
    assert "120 rows with an undecided label" in notes
    assert "1 rows have no label" in notes


def test_the_saved_parts_predict_as_the_trained_ones(
    trained: tuple[LargeResult, list[LargeStage]], stars: Path, tmp_path: Path
) -> None:
    result, _ = trained
    result.encoder.save(tmp_path / "encoder")
    result.model.save(tmp_path / "model")
    text = result.calibration.model_dump_json()
    read = read_table(stars)
    assert isinstance(read, ReadTable)
    rows = rows_of(result.inputs, replace(read, table=read.table.slice(0, 50)))
    predicted = []
    loaded = TableEncoder.load(tmp_path / "encoder"), load_model(tmp_path / "model")
    for encoder, model in (loaded, (result.encoder, result.model)):
        calibration = Calibration.model_validate_json(text)
        predicted.append(calibration.apply(model.predict(encoder.transform(rows))))
    assert predicted[0] == pytest.approx(predicted[1])
    right = np.array(read.table.column("disposition").to_pylist()[:50]) == np.where(
        predicted[0][:, 0] > 0.5, "CONFIRMED", "FALSE POSITIVE"
    )
    assert right.mean() > 0.75


def test_no_file_is_left_behind(trained: tuple[LargeResult, list[LargeStage]], stars: Path) -> None:
    assert [path.name for path in stars.parent.iterdir()] == [stars.name]


def test_rows_beyond_the_memory_are_sampled_by_group(
    stars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryPlan, "training_rows", lambda *_: 2000)
    monkeypatch.setattr(MemoryPlan, "predicted_rows", lambda *_: 600)
    monkeypatch.setattr(MemoryPlan, "batch_rows", lambda *_: 500)
    result = train_large(opened(stars, ANSWERS, group="star"), stars.parent, settings=SMALL)
    report = result.report
    assert report.num_trained == pytest.approx(1600, rel=0.01)
    assert report.num_evaluated == pytest.approx(600, rel=0.2)
    left_out = " ".join(report.left_out)
    assert "Boosting: about 1,6" in left_out
    assert "The evaluation of the holdout: about" in left_out


def test_text_is_read_as_its_sample_is(tmp_path: Path) -> None:
    """Units, a cell that is no number, and a number of another column's kind."""
    table = star_table(3000)
    depths = [None if d is None else f"{d:.3f} km" for d in table.column("depth").to_pylist()]
    depths[11] = "deep"
    at = table.column_names.index("depth")
    table = table.set_column(at, "depth", pa.array(depths))
    path = written(table, tmp_path / "stars.csv")
    result = train_large(opened(path, ANSWERS), tmp_path, settings=SMALL)
    (depth,) = [column for column in result.inputs if column.name == "depth"]
    assert depth.unit == "km"
    assert any("'depth' (1)" in note for note in result.report.notes)
    assert sum(column.num_unreadable for column in result.report.columns) == 1
    found = result.holdout.metrics["macro_f1"].value
    assert found is not None
    assert found > 0.8
    assert any("no group column" in sentence for sentence in result.report.left_out)


def test_numbers_are_predicted(tmp_path: Path) -> None:
    table = star_table(3000)
    generator = np.random.default_rng(3)
    depth = np.nan_to_num(np.array(table.column("depth").to_pylist(), np.float64))
    price = 1e6 + 2000 * depth + 500 * generator.normal(size=3000)
    table = table.drop_columns(["vetting", "disposition"]).append_column("price", pa.array(price))
    path = written(table, tmp_path / "prices.parquet")
    result = train_large(opened(path, {"target": "price"}), tmp_path, settings=SMALL)
    r2 = result.holdout.metrics["r2"].value
    assert r2 is not None
    assert r2 > 0.8
    assert result.holdout.gap is not None
    assert result.holdout.gap.metric == "rmse"


def test_a_class_that_the_sample_lacks_is_named(tmp_path: Path) -> None:
    table = star_table(3000)
    labels = table.column("disposition").to_pylist()
    settings = replace(SMALL, max_sample_rows=600)
    path = written(table, tmp_path / "stars.parquet")
    sampled = set(opened(path, ANSWERS, settings=settings).sample.row_numbers.tolist())
    labels[next(row for row in range(3000) if row not in sampled)] = "REFUTED"
    table = table.set_column(table.num_columns - 1, "disposition", pa.array(labels))
    written(table, path)
    result = train_large(opened(path, ANSWERS, settings=settings), tmp_path, settings=settings)
    assert any("'REFUTED' (1)" in note for note in result.report.notes)


def test_a_stop_keeps_the_rounds_so_far(stars: Path) -> None:
    result = train_large(
        opened(stars, ANSWERS),
        stars.parent,
        settings=SMALL,
        should_stop=lambda num_rounds: num_rounds >= 3,
    )
    assert result.report.rounds == 3
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 100
        return now

    late = train_large(opened(stars, ANSWERS), stars.parent, settings=SMALL, clock=clock)
    assert late.report.rounds < 25


def test_too_few_groups_are_refused(tmp_path: Path) -> None:
    table = star_table(1200)
    constant = pa.array(["one", "two", "three"] * 400)
    table = table.set_column(0, "star", constant)
    path = written(table, tmp_path / "stars.parquet")
    with pytest.raises(TableError, match="groups"):
        train_large(opened(path, ANSWERS, group="star"), tmp_path, settings=SMALL)
    with pytest.raises(TableError, match="no 'nowhere'"):
        train_large(opened(path, ANSWERS, group="nowhere"), tmp_path, settings=SMALL)
    assert [item.name for item in tmp_path.iterdir()] == ["stars.parquet"]
