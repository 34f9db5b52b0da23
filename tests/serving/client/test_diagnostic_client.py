"""The client against a real server: one file, several, batches, refusals, TLS, and an existing caller's code."""

import asyncio
import json
from pathlib import Path

import grpc
import pytest

from serving.client import DiagnosisServiceError, DicomDiagnosticClient
from serving.client.__main__ import main
from serving.client.channel import SERVICE_CONFIG
from serving.client.files import CHUNK_BYTES
from serving.errors import Reason
from tests.certificates import self_signed
from tests.ports import LOOPBACK, free_port
from tests.serving.client.existing_backend import GRPCDiagnosticService
from tests.serving.server.fakes import CLASSES, FakeEngine, FakePipeline, refuse_unreadable
from tests.serving.server.running import Running, running

pytestmark = pytest.mark.anyio


def client_of(served: Running) -> DicomDiagnosticClient:
    return DicomDiagnosticClient(LOOPBACK, served.port)


def written(folder: Path, *contents: bytes) -> list[Path]:
    paths = [folder / f"{number}.dcm" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


async def test_the_code_of_an_existing_backend_works_unchanged(tmp_path: Path) -> None:
    first, second = written(tmp_path, b"one", b"three")
    async with running(tmp_path) as served:
        service = GRPCDiagnosticService(host=LOOPBACK, port=served.port)
        health = await service.health_check()
        diagnosed = await service.diagnose_dicom(str(first), include_gradcam=True)
        batch = await service.diagnose_batch([str(first), str(second)], 0.7)

    assert health["status"] == "healthy"
    assert health["model"] == "fovea-retinal 1"
    assert diagnosed is not None
    assert diagnosed["status"] == "success"
    assert diagnosed["classification"]["primary_diagnosis"] == CLASSES[1]
    assert diagnosed["classification"]["probabilities"] == dict(
        zip(CLASSES, (0.2, 0.7, 0.1), strict=True)
    )
    assert diagnosed["risk"]["urgency"] == "no rule"
    assert diagnosed["findings"][0]["pathology"] == CLASSES[1]
    assert served.pipeline.options[0].include_gradcam
    assert served.pipeline.options[1].confidence_threshold == 0.7
    assert len({each["request_id"] for each in [diagnosed, *batch]}) == 3


async def test_a_large_file_arrives_whole(tmp_path: Path) -> None:
    (path,) = written(tmp_path, b"x" * (5 * CHUNK_BYTES + 1))
    async with running(tmp_path) as served, client_of(served) as client:
        diagnosis = await client.diagnose_dicom(path)

    assert list(diagnosis.images[0].notes) == [f"{5 * CHUNK_BYTES + 1} bytes"]


async def test_the_files_of_a_patient_become_one_diagnosis(tmp_path: Path) -> None:
    paths = written(tmp_path, b"one", b"three")
    async with running(tmp_path) as served, client_of(served) as client:
        diagnosis = await client.diagnose_patient(paths, jurisdiction="UK")

    assert [list(each.notes) for each in diagnosis.images] == [["3 bytes"], ["5 bytes"]]
    assert served.pipeline.options[0].jurisdiction == "UK"


async def test_a_batch_comes_in_the_order_of_its_files_with_its_failures(tmp_path: Path) -> None:
    pipeline = FakePipeline()
    pipeline.on_files = refuse_unreadable
    paths = written(tmp_path, b"1", b"unreadable", b"333")
    async with running(tmp_path, pipeline=pipeline) as served, client_of(served) as client:
        found = await client.diagnose_batch(paths)

    assert [each.status for each in found] == ["success", "error", "success"]
    assert found[1].error.reason == Reason.IMAGE_UNREADABLE
    assert [list(each.images[0].notes) for each in found[::2]] == [["1 bytes"], ["3 bytes"]]


async def test_a_refusal_carries_its_reason_and_when_to_retry(tmp_path: Path) -> None:
    (path,) = written(tmp_path, b"x" * 200)
    pipeline = FakePipeline()
    pipeline.may_answer.clear()
    limits = {"max_upload_bytes": 100, "max_active": 1, "max_waiting": 0}
    async with running(tmp_path, pipeline=pipeline, **limits) as served, client_of(served) as it:
        with pytest.raises(DiagnosisServiceError) as refused:
            await it.diagnose_dicom(path)
        assert refused.value.reason == Reason.REQUEST_TOO_LARGE
        path.write_bytes(b"x")
        first = asyncio.create_task(it.diagnose_dicom(path))
        await pipeline.began.wait()
        with pytest.raises(DiagnosisServiceError) as refused:
            await it.diagnose_dicom(path)
        assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert refused.value.retry_after_s == 1
        pipeline.may_answer.set()
        await first


async def test_a_service_that_is_down_is_named_with_what_to_start(tmp_path: Path) -> None:
    port = free_port()
    async with DicomDiagnosticClient(LOOPBACK, port) as client:
        with pytest.raises(DiagnosisServiceError, match=f"{port}: .*python -m serving") as refused:
            await client.health_check()

    assert refused.value.code is grpc.StatusCode.UNAVAILABLE


async def test_a_deadline_that_passes_is_said(tmp_path: Path) -> None:
    (path,) = written(tmp_path, b"x")
    pipeline = FakePipeline()
    pipeline.may_answer.clear()
    async with running(tmp_path, pipeline=pipeline) as served:
        client = DicomDiagnosticClient(LOOPBACK, served.port, timeout_s=2)
        # The client's deadline and the server's copy of it pass at about the same time.
        with pytest.raises(DiagnosisServiceError, match="allow more time") as refused:
            await client.diagnose_dicom(path)
        await client.close()

    assert refused.value.code is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_missing_file_is_an_error_before_anything_is_sent(tmp_path: Path) -> None:
    async with running(tmp_path) as served, client_of(served) as client:
        with pytest.raises(FileNotFoundError):
            await client.diagnose_dicom(tmp_path / "missing.dcm")
        with pytest.raises(FileNotFoundError):
            await client.diagnose_batch([tmp_path / "missing.dcm"])

    assert (
        served.metrics.registry.get_sample_value(
            "fovea_serving_requests_total", {"method": "Diagnose", "status": "OK"}
        )
        is None
    )


async def test_token_and_tls_are_options(tmp_path: Path) -> None:
    (path,) = written(tmp_path, b"x")
    signed = self_signed(tmp_path)
    tls = {"tls_certificate": signed.certificate, "tls_key": tmp_path / "key.pem"}
    async with running(tmp_path, token="secret", **tls) as served:
        async with DicomDiagnosticClient(
            LOOPBACK, served.port, token="secret", certificate=signed.certificate
        ) as client:
            assert (await client.diagnose_dicom(path)).status == "success"
        async with DicomDiagnosticClient(
            LOOPBACK, served.port, certificate=signed.certificate
        ) as client:
            with pytest.raises(DiagnosisServiceError) as refused:
                await client.health_check()
        assert refused.value.reason == Reason.UNAUTHENTICATED


async def test_one_client_serves_several_event_loops(tmp_path: Path) -> None:
    async with running(tmp_path) as served:
        client = client_of(served)
        assert (await client.health_check()).is_healthy
        health = await asyncio.to_thread(lambda: asyncio.run(health_and_close(client)))
        assert health
        assert (await client.health_check()).is_healthy
        await client.close()


async def health_and_close(client: DicomDiagnosticClient) -> bool:
    health = await client.health_check()
    await client.close()
    return health.is_healthy


def test_only_an_unavailable_service_is_asked_again() -> None:
    (config,) = json.loads(SERVICE_CONFIG)["methodConfig"]

    assert config["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]


async def test_the_command_prints_health_and_a_readable_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (path,) = written(tmp_path, b"x")
    async with running(tmp_path) as served:
        address = ["--host", LOOPBACK, "--port", str(served.port)]
        assert await asyncio.to_thread(main, [*address, "--health"]) == 0
        assert "model: fovea-retinal 1" in capsys.readouterr().out
        assert await asyncio.to_thread(main, [*address, str(path)]) == 0
        shown = capsys.readouterr().out
        assert await asyncio.to_thread(main, [*address, "--json", str(path)]) == 0
        parsed = json.loads(capsys.readouterr().out)

    assert "Diabetic Retinopathy, 70.0%" in shown
    assert "recommended: See a clinician." in shown
    assert parsed["result"]["classification"]["primary_diagnosis"] == CLASSES[1]


async def test_the_command_fails_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = ["--host", LOOPBACK, "--port", str(free_port())]
    assert await asyncio.to_thread(main, [*address, "--health"]) == 1
    assert "python -m serving" in capsys.readouterr().err
    assert await asyncio.to_thread(main, [*address, str(tmp_path / "missing.dcm")]) == 1
    assert "missing.dcm" in capsys.readouterr().err
    async with running(tmp_path, engine=FakeEngine()) as served:
        unhealthy = ["--host", LOOPBACK, "--port", str(served.port), "--health"]
        assert await asyncio.to_thread(main, unhealthy) == 1
    assert "train one" in capsys.readouterr().out
