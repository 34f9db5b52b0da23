"""Registers and counts data sets."""

from typing import Any

from api.pages import Listed, Page
from api.storage.named_rows import NamedRow, RowWords
from api.storage.tables import datasets
from api.timestamps import utc
from api.training_inputs.registered_inputs import RegisteredInputs
from api.training_inputs.schemas import Dataset, DatasetKind, NewDataset
from tracking_plugin.data_roots import DataRoots


class DatasetService(RegisteredInputs[Dataset]):
    _TABLE = datasets
    _WORDS = RowWords(one="data set", many="data sets", listing="GET /api/datasets")
    _PARAM = "dataset_id"

    async def add(self, workspace: str | None, new: NewDataset, roots: DataRoots) -> Dataset:
        """Raises RequestValidationError if the path is not allowed or is no folder."""
        values = {"kind": new.kind.value, "path": new.path, **await self._counted(new.path, roots)}
        return await self._added(workspace, new.name, values)

    async def listed(
        self, workspace: str | None, kind: DatasetKind | None, page: Page
    ) -> Listed[Dataset]:
        """By name."""
        wanted = () if kind is None else (datasets.c.kind == kind.value,)
        return await self._listed(workspace, page, *wanted)

    async def count_again(
        self, workspace: str | None, dataset_id: int, roots: DataRoots
    ) -> Dataset:
        """Replaces the numbers by those of now, also if they are not known any more."""
        found = await self.find(workspace, dataset_id)
        return await self._changed(workspace, dataset_id, await self._counted(found.path, roots))

    async def _counted(self, path: str, roots: DataRoots) -> dict[str, Any]:
        counts, unknown = await self._inspector.count(path, roots)
        return {
            "num_images": None if counts is None else counts.num_images,
            "num_captions": None if counts is None else counts.num_captions,
            "num_unmatched_captions": None if counts is None else counts.num_unmatched_captions,
            "unknown": unknown,
            "counted_ms": self._now_ms(),
        }

    def _answer(self, row: NamedRow) -> Dataset:
        return Dataset(
            id=row.dataset_id,
            name=row.name,
            kind=DatasetKind(row.kind),
            path=row.path,
            num_images=row.num_images,
            num_captions=row.num_captions,
            num_unmatched_captions=row.num_unmatched_captions,
            unknown=row.unknown,
            counted_at=utc(row.counted_ms),
            created_at=utc(row.created_ms),
            updated_at=utc(row.updated_ms),
        )
