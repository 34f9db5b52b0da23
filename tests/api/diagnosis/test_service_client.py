"""The client of the service streams files to a real gRPC server."""

import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from api.diagnosis.service_client import SentFile, ServiceClient
from api.diagnosis.v1 import diagnosis_pb2 as v1
from api.errors import StartError, UnavailableError, UpstreamError, UpstreamTimeoutError
from api.inference.channel import open_channel
from api.inference.files import CHUNK_BYTES
from api.settings import Settings
from tests.api.diagnosis.fake_service import FakeService, fake_service
from tests.certificates import self_signed

pytestmark = pytest.mark.anyio


class InMemory:
    """A file; `largest` is the most that was read from it at once."""

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)
        self.largest = 0

    async def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self.largest = max(self.largest, len(content))
        return content


def sent(content: bytes, name: str = "image") -> SentFile:
    return SentFile(header=v1.FileHeader(name=name), content=InMemory(content))


@asynccontextmanager
async def client_of(
    service: FakeService, *, token: str = "", timeout_s: float = 60, **settings: object
) -> AsyncIterator[ServiceClient]:
    given = Settings(grpc_address=service.address, **settings)  # type: ignore[arg-type]
    async with open_channel(given) as channel:
        yield ServiceClient(channel, service.address, token=token, timeout_s=timeout_s)


async def test_files_arrive_whole_and_in_chunks() -> None:
    contents = [os.urandom(3 * CHUNK_BYTES + 7), b"", b"small"]
    with fake_service() as service:
        async with client_of(service) as client:
            files = [sent(content) for content in contents]
            answer = await client.diagnose("id", v1.DiagnosisOptions(), files)
    assert answer.request_id == "id"
    assert service.received[0].contents == contents
    first = files[0].content
    assert isinstance(first, InMemory)
    assert first.largest == CHUNK_BYTES


async def test_a_batch_gives_each_file_its_answer() -> None:
    with fake_service() as service:
        async with client_of(service) as client:
            files = [(name, sent(name.encode(), name)) for name in ("a", "b", "c")]
            answers = [it async for it in client.diagnose_batch(v1.DiagnosisOptions(), files)]
    assert {answer.request_id for answer in answers} == {"a", "b", "c"}
    assert {it.request_id: it.contents[0] for it in service.received} == {
        "a": b"a",
        "b": b"b",
        "c": b"c",
    }


async def test_a_deadline_ends_the_work_on_both_sides() -> None:
    with fake_service() as service:
        service.answer = service.hold
        async with client_of(service, timeout_s=0.5) as client:
            with pytest.raises(UpstreamTimeoutError, match="FOVEA_DIAGNOSIS_TIMEOUT_S"):
                await client.diagnose("id", v1.DiagnosisOptions(), [sent(b"1")])
        assert service.cancelled.get(timeout=30) == "id"


async def test_a_wrong_token_is_a_problem_of_the_server_not_of_its_client() -> None:
    with fake_service(token="right") as service:
        async with client_of(service, token="wrong") as client:
            with pytest.raises(UpstreamError, match="FOVEA_SERVING_TOKEN"):
                await client.health()
        async with client_of(service, token="right") as client:
            assert (await client.health()).is_healthy


async def test_a_service_that_is_not_there_is_named_at_once() -> None:
    with fake_service() as service:
        pass
    async with client_of(service) as client:
        with pytest.raises(UnavailableError, match="python -m serving"):
            await client.diagnose("id", v1.DiagnosisOptions(), [sent(b"1")])


async def test_over_tls_only_a_trusted_service_is_asked(tmp_path: Path) -> None:
    signed = self_signed(tmp_path)
    certificate = signed.certificate.read_bytes()
    credentials = grpc.ssl_server_credentials(
        [(signed.certificate.with_name("key.pem").read_bytes(), certificate)]
    )
    with fake_service(credentials=credentials) as service:
        async with client_of(service, grpc_ca=signed.certificate) as client:
            assert (await client.health()).is_healthy
        async with client_of(service, grpc_tls=True) as client:
            with pytest.raises(UnavailableError):
                await client.health()


async def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with fake_service() as service, pytest.raises(StartError, match="FOVEA_GRPC_CA"):
        async with client_of(service, grpc_ca=tmp_path / "absent.pem"):
            pass
