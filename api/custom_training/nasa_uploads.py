"""Makes the upload of a project of tables in NASA's archive."""

import asyncio
import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from api.custom_training.archive import NasaArchive
from api.custom_training.archived_tables import ArchivedTable
from api.projects.folders import ProjectFolders
from api.projects.inspector import Inspector
from api.projects.upload import ReceivedFile
from tracking_plugin.private_files import PRIVATE_FILE


class NasaUploads:
    def __init__(self, archive: NasaArchive, inspector: Inspector, folders: ProjectFolders) -> None:
        self._archive = archive
        self._inspector = inspector
        self._folders = folders

    async def fetched(self, project_id: str, tables: Mapping[str, ArchivedTable]) -> ReceivedFile:
        """The table of a mission, or those of several, joined, as the upload of the project.

        Raises an ApiError for tables that cannot be had or joined.
        """
        files = {mission: await self._archive.file(table) for mission, table in tables.items()}
        target = self._folders.upload(project_id)
        # Forms with the data of NASA may come with files that nobody asked for.
        await asyncio.to_thread(target.unlink, missing_ok=True)
        if len(files) == 1:
            await asyncio.to_thread(shutil.copyfile, next(iter(files.values())), target)
            name = next(iter(tables.values())).file
        else:
            await self._inspector.join(files, target)
            name = f"{'-'.join(tables)}.csv"
        return await asyncio.to_thread(_received_file, name, target)


def _received_file(name: str, path: Path) -> ReceivedFile:
    """A file that the server has written, as if it had been uploaded."""
    path.chmod(PRIVATE_FILE)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ReceivedFile(name=name, path=path, size_bytes=path.stat().st_size, digest=digest)
