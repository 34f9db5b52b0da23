"""Predicts rows in threads, in parts of bounded size."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import TypeVar

import pyarrow as pa

from serving.errors import Reason, ServingError
from serving.server.deadline import Deadline
from serving.server.failures import places_of
from serving.settings import ServingSettings
from serving.tables.cells import rows_of
from serving.tables.options import PredictionOptions
from serving.tables.protocol import ServedTable
from serving.tables.reading import rows_error
from serving.tables.workers import Workers
from serving.v1 import predictions_pb2 as messages
from training.tables.errors import TableError
from training.tables.reader import ReadTable

T = TypeVar("T")

MAX_PART_ROWS = 1000
MAX_EXPLAINED_ROWS = 50
"""Rows of a part, after each of which work ends whose caller has gone. Boosters take milliseconds to
explain a row."""
MAX_NUMBERS = 1_000_000
"""Probabilities and contributions in one message: 8 MB."""
FEWEST_THREADS, MOST_THREADS = 2, 8

logger = logging.getLogger(__name__)


class TablePredictor:
    """`count_rows` sees the number of rows of each part that was predicted."""

    def __init__(
        self, settings: ServingSettings, *, num_cores: int, count_rows: Callable[[int], None]
    ) -> None:
        self.num_threads = settings.table_threads or min(
            max(num_cores, FEWEST_THREADS), MOST_THREADS
        )
        self._max_rows = settings.max_rows
        self._count_rows = count_rows
        self._workers = Workers(self.num_threads)

    @property
    def num_waiting(self) -> int:
        """Parts of requests that wait for a thread."""
        return self._workers.num_waiting

    async def predict(
        self,
        model: ServedTable,
        rows: Sequence[messages.Row],
        options: PredictionOptions,
        deadline: Deadline,
    ) -> messages.Predictions:
        """The predictions of all rows.

        Raises ServingError ROWS_INVALID, REQUEST_INVALID, REQUEST_TOO_LARGE, MODEL_FAILED or
        DEADLINE_EXCEEDED.
        """
        _require_number(len(rows), min(self._max_rows, _rows_of_message(model, options)))
        table = await self._run(lambda: model.rows_of_cells(rows_of(rows)), deadline)
        made = messages.Predictions()
        async for part in self._parts(model, table, options, deadline):
            made.MergeFrom(messages.Predictions(rows=part.rows) if made.rows else part)
        return made

    async def predict_table(
        self, model: ServedTable, read: ReadTable, options: PredictionOptions, deadline: Deadline
    ) -> AsyncIterator[messages.Predictions]:
        """The predictions of the rows of a file, part by part. Raises ServingError as `predict`."""
        table = await self._run(lambda: model.rows_of_file(read), deadline)
        is_first = True
        async for part in self._parts(model, table, options, deadline):
            if is_first:
                part.notes.extend(read.notes)
            yield part
            is_first = False

    def close(self) -> None:
        self._workers.close()

    async def _parts(
        self, model: ServedTable, table: pa.Table, options: PredictionOptions, deadline: Deadline
    ) -> AsyncIterator[messages.Predictions]:
        most = MAX_EXPLAINED_ROWS if options.explain else MAX_PART_ROWS
        size = min(most, _rows_of_message(model, options))
        for start in range(0, table.num_rows, size):
            rows = table.slice(start, size)
            yield await self._run(partial(model.predict, rows, start + 1, options), deadline)
            self._count_rows(rows.num_rows)

    async def _run(self, work: Callable[[], T], deadline: Deadline) -> T:
        try:
            return await self._workers.run(work, deadline)
        except TableError as error:
            raise rows_error(error) from None
        except ServingError:
            raise
        except Exception as error:  # noqa: BLE001 - a model and its libraries may raise anything
            logger.error("A model of tables failed: %s", places_of(error))  # noqa: TRY400
            raise ServingError(
                Reason.MODEL_FAILED,
                "The model failed on the rows; the log of the service says where.",
            ) from None


def _rows_of_message(model: ServedTable, options: PredictionOptions) -> int:
    """The number of rows whose answers one message may have."""
    width = model.num_classes + (model.num_features if options.explain else 0)
    return max(1, MAX_NUMBERS // max(1, width))


def _require_number(num_rows: int, most: int) -> None:
    if num_rows == 0:
        raise ServingError(Reason.REQUEST_INVALID, "rows: at least one row was expected.")
    if num_rows > most:
        raise ServingError(
            Reason.REQUEST_TOO_LARGE,
            f"rows: at most {most} rows were expected in one request, but {num_rows} came: send fewer "
            "at once, or a file.",
        )
