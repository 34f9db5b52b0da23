"""Registers and inspects base models."""

from typing import Any

from api.pages import Listed, Page
from api.storage.named_rows import NamedRow, RowWords
from api.storage.tables import base_models
from api.timestamps import utc
from api.training_inputs.model_facts import ModelFacts
from api.training_inputs.registered_inputs import RegisteredInputs
from api.training_inputs.schemas import NewBaseModel, RegisteredModel
from tracking_plugin.data_roots import DataRoots

_ON_HUB = ModelFacts(unknown="a model on the hub is looked at when a training loads it")


class BaseModelService(RegisteredInputs[RegisteredModel]):
    _TABLE = base_models
    _WORDS = RowWords(one="base model", many="base models", listing="GET /api/models")
    _PARAM = "base_model_id"

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
        return await self._added(workspace, new.name, values)

    async def listed(self, workspace: str | None, page: Page) -> Listed[RegisteredModel]:
        """By name."""
        return await self._listed(workspace, page)

    async def inspect_again(
        self, workspace: str | None, model_id: int, roots: DataRoots
    ) -> RegisteredModel:
        """Replaces the facts by those of now; the licence that is stored stays."""
        found = await self.find(workspace, model_id)
        facts = await self._inspected(found.path, roots)
        values = {**facts, "licence": found.licence or facts["licence"]}
        return await self._changed(workspace, model_id, values)

    async def _inspected(self, path: str | None, roots: DataRoots) -> dict[str, Any]:
        facts = _ON_HUB if path is None else await self._inspector.facts(path, roots)
        return {**vars(facts), "inspected_ms": self._now_ms()}

    def _answer(self, row: NamedRow) -> RegisteredModel:
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
