"""The folders of projects in the server's data folder: one per project, with its upload."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.errors import LockedError
from api.storage.data_files import PROJECTS
from tracking_plugin.private_files import PRIVATE_FOLDER, make_private_folder

UPLOAD = "upload"
TEST_DATA = "test"
IMAGES = "images"
_NAME = re.compile(r"[0-9a-f]{32}")


class ProjectFolders:
    """Blocking. The lock of a folder is held by one request of one process, and ends with the process."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir.absolute() / PROJECTS

    def of(self, project_id: str) -> Path:
        return self.root / project_id

    def upload(self, project_id: str) -> Path:
        return self.of(project_id) / UPLOAD

    def test_data(self, project_id: str) -> Path:
        """A second table, whose rows are predicted; most projects have none."""
        return self.of(project_id) / TEST_DATA

    def images(self, project_id: str) -> Path:
        """The unpacked images of a project with an archive."""
        return self.of(project_id) / IMAGES

    @contextmanager
    def created(self, project_id: str) -> Iterator[Path]:
        """A new folder, locked while inside; it is removed if the block raises."""
        make_private_folder(self.root)
        self.of(project_id).mkdir(mode=PRIVATE_FOLDER)
        try:
            with self.locked(project_id):
                yield self.of(project_id)
        except BaseException:
            self.remove(project_id)
            raise

    @contextmanager
    def locked(self, project_id: str) -> Iterator[None]:
        """Raises LockedError if another request is changing the project."""
        make_private_folder(self.root)
        self.of(project_id).mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        descriptor = os.open(self.of(project_id), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _lock(descriptor)
            yield
        finally:
            os.close(descriptor)

    def size_bytes(self, project_id: str) -> int:
        """Of all files in the folder."""
        files = (path for path in self.of(project_id).rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in files)

    def remove(self, project_id: str) -> None:
        shutil.rmtree(self.of(project_id), ignore_errors=True)

    def project_ids(self) -> list[str]:
        """Of all folders, also those of uploads that are no project."""
        found = [path.name for path in self.root.iterdir()] if self.root.is_dir() else []
        return [name for name in found if _NAME.fullmatch(name)]


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LockedError("Another request is changing this project: try again later") from None
