"""Registers, inspects and deletes base models."""

from collections.abc import Callable
from functools import partial
from typing import Any

from api.pages import Listed, Page
from api.storage.database import Database, in_database
from api.storage.named_rows import NamedRow, NamedRows, RowWords
from api.storage.tables import base_models
from api.timestamps import unix_ms, utc
from api.training_inputs.datasets import MAX_INPUTS, require_unused
from api.training_inputs.inspection import InputInspector
from api.training_inputs.model_facts import ModelFacts
from api.training_inputs.schemas import NewBaseModel, RegisteredModel
from tracking_plugin.data_roots import DataRoots

_WORDS = RowWords(one="base model", many="base models", listing="GET /api/models")
_ON_HUB = ModelFacts(unknown="a model on the hub is looked at when a training loads it")


class BaseModelService:
    """Methods raise NotFoundError for an id that is not there, ConflictError for a name that is taken."""

    def __init__(
        self,
        database: Database,
        inspector: InputInspector,
        *,
        max_rows: int = MAX_INPUTS,
        now_ms: Callable[[], int] = unix_ms,
    ) -> None:
        self._rows = NamedRows(database, base_models, _WORDS, max_rows=max_rows, now_ms=now_ms)
        self._inspector = inspector
        self._now_ms = now_ms

    async def add(
        self, workspace: str | None, new: NewBaseModel, roots: DataRoots
    ) -> RegisteredModel:
        """Raises RequestValidationError if the path is not allowed."""
        facts = await self._inspected(new.path, roots)
        values = {
            **facts,
            "path": new.path,
            "hub_id": new.hub_id,
            "licence": new.licence or facts["licence"],
        }
        return _model(await in_database(partial(self._rows.add, workspace, new.name, values)))

    async def find(self, workspace: str | None, model_id: int) -> RegisteredModel:
        return _model(await in_database(partial(self._rows.find, workspace, model_id)))

    async def listed(self, workspace: str | None, page: Page) -> Listed[RegisteredModel]:
        """By name."""
        found = await in_database(partial(self._rows.listed, workspace, page))
        return Listed([_model(row) for row in found.entries], found.total)

    async def inspect_again(
        self, workspace: str | None, model_id: int, roots: DataRoots
    ) -> RegisteredModel:
        """Replaces the facts by those of now; the licence that is stored stays."""
        found = await self.find(workspace, model_id)
        facts = await self._inspected(found.path, roots)
        values = {**facts, "licence": found.licence or facts["licence"]}
        return _model(await in_database(partial(self._rows.change, workspace, model_id, values)))

    async def rename(self, workspace: str | None, model_id: int, name: str) -> RegisteredModel:
        return _model(await in_database(partial(self._rows.rename, workspace, model_id, name)))

    async def remove(self, workspace: str | None, model_id: int) -> None:
        """Raises ConflictError if a job uses it that has not ended."""
        remove = partial(
            self._rows.remove, workspace, model_id, guard=partial(require_unused, "base_model_id")
        )
        await in_database(remove)

    async def number_of(self, workspace: str | None) -> int:
        return await in_database(partial(self._rows.count, workspace))

    async def _inspected(self, path: str | None, roots: DataRoots) -> dict[str, Any]:
        facts = _ON_HUB if path is None else await self._inspector.facts(path, roots)
        return {**vars(facts), "inspected_ms": self._now_ms()}


def _model(row: NamedRow) -> RegisteredModel:
    return RegisteredModel(
        id=row.model_id,
        name=row.name,
        path=row.path,
        hub_id=row.hub_id,
        family=row.family,
        pipeline=row.pipeline,
        licence=row.licence,
        size_bytes=row.size_bytes,
        unknown=row.unknown,
        inspected_at=utc(row.inspected_ms),
        created_at=utc(row.created_ms),
        updated_at=utc(row.updated_ms),
    )
