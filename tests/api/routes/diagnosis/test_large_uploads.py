"""Two gigabytes are refused, while others are answered, and leave neither memory nor files behind."""

import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest

from tests.api.diagnosis.fake_service import FakeService
from tests.api.routes.diagnosis.calls import PATIENT, TOKEN
from tests.api.routes.diagnosis.test_uploads import open_temporary_files
from tests.ports import LOOPBACK
from tests.servers import Server, fovea_server
from tests.waiting import until

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

MIB = 1024**2
SENT_BYTES = 2 * 1024 * MIB
LIMIT_BYTES = 512 * MIB
"""The default."""
UPLOAD_DEADLINE_S = 300.0
PROMPT_S = 10.0
"""Far above what a page takes, and far below what a server takes that works on nothing but the upload."""
MAX_GROWTH_BYTES = 128 * MIB
UNREAD_BYTES = 32 * MIB
"""More than the buffers of both sockets hold, and the server reads before it refuses."""

PART = (
    f'--b\r\nContent-Disposition: form-data; name="file"; filename="{PATIENT}.dcm"\r\n\r\n'.encode()
)
FORM = "Content-Type: multipart/form-data; boundary=b"
BLOCK = bytes(MIB)


@pytest.fixture(scope="module")
def roomy(_service: FakeService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the default limit, which is larger than that of the other tests."""
    folder = tmp_path_factory.mktemp("large")
    environment = {
        "FOVEA_GRPC_ADDRESS": _service.address,
        "FOVEA_SERVING_TOKEN": TOKEN,
        "TMPDIR": str(folder),
    }
    with fovea_server(folder / "data", environment=environment) as running:
        yield running
    assert PATIENT not in running.log.read_text()


@dataclass
class Watched:
    """What the server took at most during an upload, and how long others waited for their answers."""

    memory_bytes: int = 0
    disk_bytes: int = 0
    waits_s: list[float] = field(default_factory=list)


@contextmanager
def watched(server: Server) -> Iterator[Watched]:
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    found, is_over = Watched(), threading.Event()

    def watch() -> None:
        while not is_over.wait(0.05):
            found.memory_bytes = max(found.memory_bytes, process.memory_info().rss - before)
            found.disk_bytes = max(found.disk_bytes, temporary_bytes(process.pid))

    def ask() -> None:
        while not is_over.wait(0.1):
            begin = time.monotonic()
            assert httpx.get(f"{server.url}/api/health", timeout=UPLOAD_DEADLINE_S).is_success
            found.waits_s.append(time.monotonic() - begin)

    threads = [threading.Thread(target=each) for each in (watch, ask)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def temporary_bytes(pid: int) -> int:
    """The bytes of files that the process holds open and that have no name."""
    total = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if "(deleted)" in str(descriptor.readlink()):
                total += descriptor.stat().st_blocks * 512
        except FileNotFoundError:
            continue
    return total


def chunked(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


@dataclass(frozen=True)
class Ended:
    status: int
    body: dict[str, object]
    num_sent: int


def send(server: Server, *headers: str, is_chunked: bool = False) -> Ended:
    """Sends SENT_BYTES, a block at a time, until the server answers."""
    head = ["POST /api/v1/dicom/upload HTTP/1.1", f"Host: {LOOPBACK}:{server.port}", FORM, *headers]
    first, block = (chunked(PART), chunked(BLOCK)) if is_chunked else (PART, BLOCK)
    end = time.monotonic() + UPLOAD_DEADLINE_S
    num_sent = 0
    with socket.create_connection((LOOPBACK, server.port), timeout=PROMPT_S) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode() + first)
        connection.setblocking(False)
        waiting = memoryview(block)
        while num_sent < SENT_BYTES:
            assert time.monotonic() < end, f"{num_sent} bytes sent, and no answer"
            readable, writable, _ = select.select([connection], [connection], [], PROMPT_S)
            if readable:
                break
            if writable:
                sent = connection.send(waiting)
                num_sent += sent
                waiting = waiting[sent:] or memoryview(block)
        connection.settimeout(PROMPT_S)
        return Ended(*answer(connection), num_sent)


def answer(connection: socket.socket) -> tuple[int, dict[str, object]]:
    """The status and the body of the answer that ends the connection."""
    received = b""
    # The server does not read what is left of the body, so that its system resets the connection.
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body) if body.startswith(b"{") else {}


def test_a_body_that_says_its_size_is_refused_before_it_is_read(
    roomy: Server, service: FakeService
) -> None:
    with watched(roomy) as found:
        ended = send(roomy, f"Content-Length: {SENT_BYTES}")

    assert_refused(ended)
    assert ended.num_sent < UNREAD_BYTES
    assert found.disk_bytes == 0
    assert_nothing_is_left(roomy, service)


def test_a_body_that_does_not_say_its_size_is_refused_at_the_limit(
    roomy: Server, service: FakeService
) -> None:
    with watched(roomy) as found:
        ended = send(roomy, "Transfer-Encoding: chunked", is_chunked=True)

    assert_refused(ended)
    assert LIMIT_BYTES < ended.num_sent < LIMIT_BYTES + UNREAD_BYTES
    assert found.disk_bytes <= LIMIT_BYTES + MIB
    assert found.memory_bytes < MAX_GROWTH_BYTES
    assert len(found.waits_s) > 1
    assert max(found.waits_s) < PROMPT_S
    assert_nothing_is_left(roomy, service)


@pytest.mark.parametrize(
    ("headers", "is_chunked"),
    [
        ([f"Content-Length: {MIB}"], False),
        (["Content-Length: 10", "Transfer-Encoding: chunked"], True),
    ],
    ids=["less than comes", "beside chunks"],
)
def test_a_body_whose_size_is_a_lie_is_refused(
    roomy: Server, service: FakeService, headers: list[str], is_chunked: bool
) -> None:
    with watched(roomy) as found:
        ended = send(roomy, *headers, is_chunked=is_chunked)

    assert ended.status == 400
    assert ended.num_sent < UNREAD_BYTES
    assert found.disk_bytes <= 2 * MIB
    assert_nothing_is_left(roomy, service)


def assert_refused(ended: Ended) -> None:
    assert ended.status == 413
    assert "FOVEA_MAX_UPLOAD_BYTES" in str(ended.body["error"])
    assert PATIENT not in str(ended.body)


def assert_nothing_is_left(server: Server, service: FakeService) -> None:
    until(lambda: open_temporary_files(server) == 0, "the end of the temporary file")
    assert [path for path in server.data_dir.parent.iterdir() if path.is_file()] == [server.log]
    assert service.received == []
    assert server.process.poll() is None
    assert httpx.get(f"{server.url}/api/health", timeout=PROMPT_S).is_success
