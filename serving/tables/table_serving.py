"""The models of tables and the threads that ask them, as one part of the service."""

from dataclasses import dataclass

from serving.tables.predictor import TablePredictor
from serving.tables.protocol import TableLeases


@dataclass(frozen=True, kw_only=True)
class TableServing:
    models: TableLeases
    predictor: TablePredictor

    async def close(self) -> None:
        await self.models.close()
        self.predictor.close()
