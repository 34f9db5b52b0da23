"""The methods of the prediction service on a real server, with a registered model and hostile rows."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from serving.engine.registry import ModelRegistry
from serving.errors import Reason
from serving.tables.cells import Cell, cell_of, value_of
from serving.tables.predictor import MAX_PART_ROWS, TablePredictor
from serving.tables.table_models import TableModels
from serving.tables.table_serving import TableServing
from serving.v1 import predictions_pb2 as messages
from serving.v1.predictions_pb2_grpc import PredictionServiceStub
from tests.serving.server.fakes import FakeEngine
from tests.serving.server.refusals import refusal
from tests.serving.server.running import CALL_TIMEOUT_S, Running, running
from tests.serving.tables.conftest import CLASSES, NAME, TableVersions

pytestmark = pytest.mark.anyio

ROW: dict[str, Cell] = {"period": 1.5, "depth": 9, "host": "G", "seen": True}
HEADER = "period,depth,host,seen\n"
LINE = "1.5,9,G,true\n"
MAX_ROWS = 50


class Asking:
    """Calls of one server."""

    def __init__(self, served: Running) -> None:
        self.served = served
        self._stub = PredictionServiceStub(served.channel)

    def predict(self, *rows: dict[str, Cell], model: str = NAME, **options: Any) -> Any:
        cells = [
            messages.Row(cells={name: value_of(cell) for name, cell in row.items()}) for row in rows
        ]
        return self._stub.Predict(
            messages.PredictRequest(
                options=messages.PredictionOptions(model=model, **options), rows=cells
            ),
            timeout=CALL_TIMEOUT_S,
        )

    async def predict_file(self, content: bytes | str, **given: Any) -> list[messages.Predictions]:
        return [answer.predictions async for answer in self.send_file(content, **given)]

    def send_file(
        self, content: bytes | str, *, model: str = NAME, sheet: str = "", **options: Any
    ) -> Any:
        raw = content.encode() if isinstance(content, str) else content
        header = messages.PredictFileHeader(
            options=messages.PredictionOptions(model=model, **options), sheet=sheet
        )
        return self._stub.PredictFile(_sent(header, raw), timeout=CALL_TIMEOUT_S)

    def send(self, *requests: messages.PredictFileRequest) -> Any:
        return self._stub.PredictFile(iter(requests), timeout=CALL_TIMEOUT_S)


def _sent(header: messages.PredictFileHeader, raw: bytes) -> Iterator[messages.PredictFileRequest]:
    yield messages.PredictFileRequest(header=header)
    for start in range(0, len(raw), 2**20):
        yield messages.PredictFileRequest(content=raw[start : start + 2**20])


@asynccontextmanager
async def asking(tables: TableVersions, folder: Path, **given: Any) -> AsyncIterator[Asking]:
    """A server without a model of images, whose tables are real."""
    settings = tables.settings(max_rows=MAX_ROWS, **given)
    serving = TableServing(
        models=TableModels(settings, ModelRegistry(tables.store.uri)),
        predictor=TablePredictor(settings, num_cores=2, count_rows=lambda _: None),
    )
    limits = {"max_rows": MAX_ROWS, "table_threads": 2, **given}
    async with running(folder, engine=FakeEngine(None), tables=serving, **limits) as served:
        yield Asking(served)
        assert not served.spooled


async def test_rows_are_predicted_and_explained(tables: TableVersions, tmp_path: Path) -> None:
    async with asking(tables, tmp_path) as ask:
        made = (await ask.predict(ROW, {**ROW, "period": 690}, explain=True, top=1)).predictions

    assert [cell_of(row.label) for row in made.rows] == [CLASSES[0], CLASSES[-1]]
    assert [row.row for row in made.rows] == [1, 2]
    assert (made.model.name, made.model.version) == (NAME, tables.first)
    assert made.model.run_id
    for row in made.rows:
        explained = row.explanation
        total = explained.base_value + sum(explained.contributions)
        assert total == pytest.approx(explained.sum, abs=1e-4)


@pytest.mark.parametrize(
    ("rows", "options", "reason", "said"),
    [
        ([], {}, Reason.REQUEST_INVALID, "at least one row"),
        ([ROW] * (MAX_ROWS + 1), {}, Reason.REQUEST_TOO_LARGE, f"at most {MAX_ROWS} rows"),
        ([ROW, {"period": 1}], {}, Reason.ROWS_INVALID, "Row 2"),
        ([{**ROW, "depth": "shallow"}], {}, Reason.ROWS_INVALID, "Row 1, column 'depth'"),
        ([{**ROW, "depth": float("-inf")}], {}, Reason.ROWS_INVALID, "column 'depth'"),
        ([ROW], {"confidence_threshold": float("nan")}, Reason.REQUEST_INVALID, "threshold"),
        ([ROW], {"top": 10_000}, Reason.REQUEST_INVALID, "top"),
        ([ROW], {"model": "../planets"}, Reason.REQUEST_INVALID, "model"),
        ([ROW], {"model": "unknown"}, Reason.MODEL_NOT_FOUND, "promote unknown VERSION"),
        ([ROW], {"alias": "unknown"}, Reason.MODEL_NOT_FOUND, "alias 'unknown'"),
    ],
)
async def test_what_cannot_be_predicted_is_named(
    tables: TableVersions,
    tmp_path: Path,
    rows: list[dict[str, Cell]],
    options: dict[str, Any],
    reason: Reason,
    said: str,
) -> None:
    async with asking(tables, tmp_path) as ask:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await ask.predict(*rows, **options)
        assert said in raised.value.details()
        assert "shallow" not in raised.value.details()
        code, info, _ = await refusal(ask.predict(*rows, **options))
    assert info.reason == reason
    expected = grpc.StatusCode.INVALID_ARGUMENT
    assert code is (grpc.StatusCode.NOT_FOUND if reason is Reason.MODEL_NOT_FOUND else expected)


async def test_the_rows_of_a_large_file_are_answered_in_parts(
    tables: TableVersions, tmp_path: Path
) -> None:
    num_rows = 100_000
    async with asking(tables, tmp_path) as ask:
        parts = await ask.predict_file(HEADER + LINE * num_rows)

    rows = [row.row for part in parts for row in part.rows]
    assert rows == list(range(1, num_rows + 1))
    assert max(len(part.rows) for part in parts) == MAX_PART_ROWS
    assert {cell_of(row.label) for part in parts for row in part.rows} == {CLASSES[0]}


@pytest.mark.parametrize(
    ("content", "reason", "said"),
    [
        ("", Reason.ROWS_INVALID, ""),
        (HEADER, Reason.ROWS_INVALID, ""),
        (
            HEADER + LINE * 2000 + "soon,9,G,true\n",
            Reason.ROWS_INVALID,
            "Row 2,001, column 'period'",
        ),
        ("period,depth\n1,2\n", Reason.ROWS_INVALID, "'host'"),
        (HEADER + LINE * 200, Reason.REQUEST_TOO_LARGE, "100"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), Reason.FILE_UNSUPPORTED, "CSV"),
        (b"PAR1" + bytes(200) + b"PAR1", Reason.ROWS_INVALID, ""),
    ],
)
async def test_a_file_that_cannot_be_predicted_is_refused_before_any_answer(
    tables: TableVersions, tmp_path: Path, content: bytes | str, reason: Reason, said: str
) -> None:
    limits = {"max_file_rows": 100} if reason is Reason.REQUEST_TOO_LARGE else {}
    async with asking(tables, tmp_path, **limits) as ask:
        call = ask.send_file(content)
        _, info, _ = await refusal(call)
        details = await call.details()
    assert info.reason == reason, details
    assert said in details
    assert "soon" not in details
    assert "Traceback" not in details


async def test_a_stream_that_breaks_its_rules_is_refused(
    tables: TableVersions, tmp_path: Path
) -> None:
    content = messages.PredictFileRequest(content=b"period\n1\n")
    header = messages.PredictFileRequest(
        header=messages.PredictFileHeader(options=messages.PredictionOptions(model=NAME))
    )
    async with asking(tables, tmp_path) as ask:
        for requests in ([], [content], [header, header]):
            _, info, _ = await refusal(ask.send(*requests))
            assert info.reason == Reason.REQUEST_INVALID
