"""Tables without a model, for tests of the server around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from serving.errors import Reason, ServingError
from serving.server.deadline import Deadline
from serving.settings import ServingSettings
from serving.tables.model_alias import ModelAlias
from serving.tables.predictor import TablePredictor
from serving.tables.protocol import ServedTable
from serving.tables.table_serving import TableServing


class NoModels:
    num_loaded = 0

    @asynccontextmanager
    async def lease(self, model: ModelAlias, deadline: Deadline) -> AsyncIterator[ServedTable]:
        raise ServingError(Reason.MODEL_NOT_FOUND, f"No model {model}.")
        yield

    async def close(self) -> None: ...


def no_tables(settings: ServingSettings) -> TableServing:
    return TableServing(
        models=NoModels(),
        predictor=TablePredictor(settings, num_cores=1, count_rows=lambda _: None),
    )
