"""Registers, counts and deletes data sets."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import Connection

from api.errors import ConflictError
from api.jobs.store import jobs_not_ended_with
from api.pages import Listed, Page
from api.storage.database import Database, in_database
from api.storage.named_rows import NamedRow, NamedRows, RowWords
from api.storage.tables import datasets
from api.timestamps import unix_ms, utc
from api.training_inputs.inspection import InputInspector
from api.training_inputs.schemas import Dataset, DatasetKind, NewDataset
from tracking_plugin.data_roots import DataRoots

MAX_INPUTS = 1000
"""Data sets in each workspace, and as many base models."""
_WORDS = RowWords(one="data set", many="data sets", listing="GET /api/datasets")


class DatasetService:
    """Methods raise NotFoundError for an id that is not there, ConflictError for a name that is taken."""

    def __init__(
        self,
        database: Database,
        inspector: InputInspector,
        *,
        max_rows: int = MAX_INPUTS,
        now_ms: Callable[[], int] = unix_ms,
    ) -> None:
        self._rows = NamedRows(database, datasets, _WORDS, max_rows=max_rows, now_ms=now_ms)
        self._inspector = inspector
        self._now_ms = now_ms

    async def add(self, workspace: str | None, new: NewDataset, roots: DataRoots) -> Dataset:
        """Raises RequestValidationError if the path is not allowed or is no folder."""
        values = {"kind": new.kind.value, "path": new.path, **await self._counted(new.path, roots)}
        return _dataset(await in_database(partial(self._rows.add, workspace, new.name, values)))

    async def find(self, workspace: str | None, dataset_id: int) -> Dataset:
        return _dataset(await in_database(partial(self._rows.find, workspace, dataset_id)))

    async def listed(
        self, workspace: str | None, kind: DatasetKind | None, page: Page
    ) -> Listed[Dataset]:
        """By name."""
        wanted = () if kind is None else (datasets.c.kind == kind.value,)
        found = await in_database(partial(self._rows.listed, workspace, page, *wanted))
        return Listed([_dataset(row) for row in found.entries], found.total)

    async def count_again(
        self, workspace: str | None, dataset_id: int, roots: DataRoots
    ) -> Dataset:
        """Replaces the numbers by those of now, also if they are not known any more."""
        found = await self.find(workspace, dataset_id)
        values = await self._counted(found.path, roots)
        return _dataset(
            await in_database(partial(self._rows.change, workspace, dataset_id, values))
        )

    async def rename(self, workspace: str | None, dataset_id: int, name: str) -> Dataset:
        return _dataset(await in_database(partial(self._rows.rename, workspace, dataset_id, name)))

    async def remove(self, workspace: str | None, dataset_id: int) -> None:
        """Raises ConflictError if a job uses it that has not ended."""
        remove = partial(
            self._rows.remove, workspace, dataset_id, guard=partial(require_unused, "dataset_id")
        )
        await in_database(remove)

    async def number_of(self, workspace: str | None) -> int:
        return await in_database(partial(self._rows.count, workspace))

    async def _counted(self, path: str, roots: DataRoots) -> dict[str, Any]:
        counts, unknown = await self._inspector.count(path, roots)
        return {
            "num_images": None if counts is None else counts.num_images,
            "num_captions": None if counts is None else counts.num_captions,
            "num_unmatched_captions": None if counts is None else counts.num_unmatched_captions,
            "unknown": unknown,
            "counted_ms": self._now_ms(),
        }


def require_unused(param: str, connection: Connection, row: NamedRow) -> None:
    """Raises ConflictError if a job names the row in `param` and has not ended."""
    if users := jobs_not_ended_with(connection, row.workspace or None, param, row[0]):
        raise ConflictError(
            f"{row.name!r} is used by the job {users[0]}, which has not ended: cancel that job "
            f"with POST /api/jobs/{users[0]}/cancel, or wait for its end"
        )


def _dataset(row: NamedRow) -> Dataset:
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
