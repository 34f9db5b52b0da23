"""Files are predicted part by part, with row numbers that go on."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from tests.training.tables.model.small_models import model, table
from tests.training.tables.workbooks import write_xlsx
from training.tables.errors import TableError
from training.tables.model import file_predictions
from training.tables.model.file_predictions import predict_file
from training.tables.model.predictions import TablePredictions
from training.tables.model.table_model import rows_from_table


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_predictions, "MAX_ROWS", 40)


def predicted(path: Path, explain: bool = False) -> list[TablePredictions]:
    return list(predict_file(model("lightgbm"), path, explain=explain))


def text_file(folder: Path, rows: pa.Table) -> Path:
    path = folder / "table.csv"
    pc.write_csv(rows, path)
    return path


def test_parts_give_the_answers_of_the_whole(tmp_path: Path) -> None:
    rows = table().table.drop_columns([""])
    pq.write_table(rows, tmp_path / "table.parquet")
    whole = model("lightgbm").predict(rows_from_table(model("lightgbm"), table()))
    assert whole.warnings
    for path in (text_file(tmp_path, rows), tmp_path / "table.parquet"):
        parts = predicted(path)
        assert [(part.first_row, len(part.labels)) for part in parts] == [
            (1, 40),
            (41, 40),
            (81, 10),
        ]
        assert sum((part.labels for part in parts), ()) == whole.labels
        assert sum((part.warnings for part in parts), ()) == whole.warnings
        probabilities = np.concatenate([part.probabilities for part in parts])
        assert probabilities == pytest.approx(whole.probabilities, abs=1e-12)


def test_explained_parts_are_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        file_predictions, "MAX_EXPLAINED_CELLS", 9 * len(model("lightgbm").encoder.features)
    )
    parts = predicted(text_file(tmp_path, table().table), explain=True)
    assert len(parts) == 10
    assert sum(len(part.explanations or ()) for part in parts) == 90


def test_a_cell_in_a_later_part_is_named_by_its_row_in_the_file(tmp_path: Path) -> None:
    rows = table().table.drop_columns([""])
    texts = rows.column("b<2").cast(pa.string()).to_pylist()
    texts[60] = "secret"
    at = rows.column_names.index("b<2")
    parts = predict_file(
        model("lightgbm"), text_file(tmp_path, rows.set_column(at, "b<2", pa.array(texts)))
    )
    assert next(parts).first_row == 1
    with pytest.raises(TableError, match=r"^Row 61, column 'b<2': expected a number") as raised:
        next(parts)
    assert "secret" not in str(raised.value)


def test_files_that_are_read_whole(tmp_path: Path) -> None:
    rows = table().table.drop_columns([""]).slice(0, 2)
    lines = tmp_path / "table.jsonl"
    lines.write_text(
        "".join(
            json.dumps({**row, "seen": row["seen"].isoformat()}) + "\n" for row in rows.to_pylist()
        )
    )
    assert [len(part.labels) for part in predicted(lines)] == [2]


def test_a_workbook_of_several_sheets_needs_a_name(tmp_path: Path) -> None:
    path = tmp_path / "table.xlsx"
    write_xlsx(path, {"one": [["a"], [1]], "two": [["a"], [1]]})
    with pytest.raises(TableError, match=r"several sheets: 'one', 'two'. Name one"):
        predicted(path)


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="rows to predict, but the file has none"):
        predicted(text_file(tmp_path, table().table.slice(0, 0)))
