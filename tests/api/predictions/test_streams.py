"""Streamed answers: lines that say whether they are complete, and cells that no spreadsheet executes."""

import csv
import json
from collections.abc import AsyncIterator

import pytest

from api.errors import UpstreamError
from api.predictions.streams import csv_rows, escaped, ndjson
from api.predictions.v1 import predictions_pb2 as v1

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def part(first_row: int, *labels: str) -> v1.Predictions:
    return v1.Predictions(
        model=v1.TableModelVersion(name="planets", version="2", run_id="run"),
        target="=label",
        classes=[v1.Value(text="=1+1"), v1.Value(text="b")],
        rows=[
            v1.Prediction(
                row=first_row + at,
                label=v1.Value(text=label),
                probabilities=[0.75, 0.25],
                confidence=0.75,
                warnings=[v1.PredictionWarning(row=first_row + at, column="-c", text="outside")],
                explanation=v1.Explanation(
                    output="a", base_value=0.5, contributions=[-0.25], sum=0.25, reasons=["@r"]
                ),
            )
            for at, label in enumerate(labels)
        ],
        explained=v1.ExplanationFrame(features=["+f"], model="linear", adds_up_to="log-odds"),
        notes=["The delimiter is a comma."],
    )


async def parts(*given: v1.Predictions, fails: bool = False) -> AsyncIterator[v1.Predictions]:
    for each in given:
        yield each
    if fails:
        raise UpstreamError("The inference service failed: its log has the reason")


async def test_ndjson_has_the_model_each_row_and_their_number() -> None:
    text = "".join([it async for it in ndjson(parts(part(1, "a", "b"), part(3, "c")))])
    about, *rows, end = map(json.loads, text.splitlines())

    assert about["model"] == {"name": "planets", "version": "2", "run_id": "run"}
    assert about["notes"] == ["The delimiter is a comma."]
    assert [row["row"] for row in rows] == [1, 2, 3]
    assert rows[0]["probabilities"] == {"=1+1": 0.75, "b": 0.25}
    assert rows[0]["explanation"]["contributions"] == {"+f": -0.25}
    assert end == {"count": 3}


async def test_ndjson_ends_with_the_error_of_a_service_that_fails_on_the_way() -> None:
    text = "".join([it async for it in ndjson(parts(part(1, "a"), fails=True))])
    assert "its log has the reason" in json.loads(text.splitlines()[-1])["error"]


async def test_no_cell_of_a_csv_answer_begins_as_a_formula() -> None:
    given = parts(part(1, "=cmd|' /C calc'!A0", "@a"), part(3, "c"))
    text = "".join([it async for it in csv_rows(given)])
    header, *rows = csv.reader(text.splitlines())

    assert len(rows) == 3
    assert {len(row) for row in rows} == {len(header)}
    texts = [cell for row in (header, *rows) for cell in row if not _is_number(cell)]
    assert not [cell for cell in texts if cell.startswith(("=", "+", "-", "@"))]
    shown = dict(zip(header, rows[0], strict=True))
    assert shown["'=label"] == "'=cmd|' /C calc'!A0"
    # A number below zero stays a number.
    assert shown["contribution of +f"] == "-0.25"
    assert shown["abstained"] == "false"


async def test_csv_does_not_end_as_if_it_was_complete() -> None:
    with pytest.raises(UpstreamError):
        async for _ in csv_rows(parts(part(1, "a"), fails=True)):
            pass


def test_other_texts_and_numbers_stay_as_they_are() -> None:
    assert [escaped(cell) for cell in ("a=1", -1.5, None, True, "\t=1")] == [
        *("a=1", -1.5, None, True, "'\t=1")
    ]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
