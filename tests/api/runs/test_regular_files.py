"""Only regular files are opened: a FIFO, a device or a socket never occupies a reader."""

import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.artifact import artifact_repository_registry
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from api.errors import UnavailableError
from api.runs.artifacts import ArtifactNotFoundError, ArtifactUnreadableError, read_artifact
from api.runs.bounded_reads import BoundedReads
from api.runs.regular_files import (
    NotRegularError,
    RegularFilesRepository,
    open_regular,
    read_regular_artifacts_only,
)
from tests.waiting import until

DEADLINE_S = 20.0


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        # The path of a socket is short.
        folder = os.open(path.parent, os.O_RDONLY)
        bound.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)


def make_link_to_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_link_outside(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def make_link_to_fifo(path: Path) -> None:
    os.mkfifo(path.with_suffix(".fifo"))
    path.symlink_to(path.with_suffix(".fifo"))


SPECIAL = pytest.mark.parametrize(
    "make", [make_fifo, make_socket, make_link_to_device, make_link_outside, make_link_to_fifo]
)


LOCAL_SCHEMES = ("", "file")


def register(monkeypatch: pytest.MonkeyPatch, repository: type[LocalArtifactRepository]) -> None:
    registry = artifact_repository_registry._artifact_repository_registry._registry
    for scheme in LOCAL_SCHEMES:
        monkeypatch.setitem(registry, scheme, repository)


@pytest.fixture(params=[LocalArtifactRepository, RegularFilesRepository])
def registered(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both repositories: what is read by this package does not depend on the other one."""
    register(monkeypatch, request.param)


@SPECIAL
@pytest.mark.usefixtures("registered")
def test_45_readers_of_what_is_no_file_are_all_refused_at_once(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "evaluation.json")

    def read(_: int) -> bool:
        with pytest.raises((ArtifactNotFoundError, ArtifactUnreadableError)):
            read_artifact(tmp_path.as_uri(), "evaluation.json", largest_bytes=100)
        return True

    with ThreadPoolExecutor(45) as readers:
        assert all(readers.map(read, range(45), timeout=DEADLINE_S))


@SPECIAL
def test_mlflow_s_own_routes_get_no_path_of_what_is_no_file(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "traces.json")
    repository = RegularFilesRepository(tmp_path.as_uri())

    for read in (
        lambda: repository.get_local_path("traces.json"),
        lambda: repository.download_artifacts("traces.json", str(tmp_path)),
    ):
        with pytest.raises(MlflowException):
            read()
    if make is not make_link_outside:
        with pytest.raises(MlflowException):
            repository.download_trace_data()


def test_files_folders_and_links_within_the_folder_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    repository = RegularFilesRepository(tmp_path.as_uri())

    for name in ("file", "folder", "link"):
        assert repository.get_local_path(name) == str(tmp_path / name)
    with open_regular(tmp_path / "link") as opened:
        assert opened.read() == b"content"


def test_a_path_that_becomes_a_fifo_between_the_checks_is_not_waited_for(tmp_path: Path) -> None:
    make_fifo(tmp_path / "fifo")

    with pytest.raises(NotRegularError):
        open_regular(tmp_path / "fifo")


def test_the_server_registers_it_unless_a_plugin_has_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class OfPlugin(LocalArtifactRepository):
        pass

    register(monkeypatch, LocalArtifactRepository)
    read_regular_artifacts_only()
    assert type(get_artifact_repository("file:///nowhere")) is RegularFilesRepository

    register(monkeypatch, OfPlugin)
    read_regular_artifacts_only()
    assert type(get_artifact_repository("file:///nowhere")) is OfPlugin


class Stuck:
    """Reads that wait until the test is over."""

    def __init__(self) -> None:
        self.is_over = threading.Event()

    def read(self) -> bytes:
        self.is_over.wait(DEADLINE_S)
        return b""


def test_a_store_that_hangs_occupies_few_readers_and_each_for_a_while_alone() -> None:
    stuck, reads = Stuck(), BoundedReads(max_in_progress=2, deadline_s=0.1)

    for _ in range(2):
        with pytest.raises(UnavailableError, match="within"):
            reads.run(stuck.read)
    with pytest.raises(UnavailableError, match="Too many reads"):
        reads.run(stuck.read)

    stuck.is_over.set()
    until(lambda: reads_now(reads), "a free place")


def reads_now(reads: BoundedReads) -> bool:
    try:
        return reads.run(lambda: b"content") == b"content"
    except UnavailableError:
        return False


def test_the_error_of_a_read_is_raised_where_it_was_asked_for() -> None:
    def fail() -> bytes:
        raise ArtifactNotFoundError("no such artifact")

    reads = BoundedReads(max_in_progress=1, deadline_s=DEADLINE_S)
    for _ in range(3):
        with pytest.raises(ArtifactNotFoundError):
            reads.run(fail)
