"""Requests about one patient over real gRPC: uploads, refusals, deadlines, load, and the log."""

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from grpc_status import rpc_status

from serving.errors import Reason
from serving.images.image import Laterality
from serving.server.spool import MEMORY_BYTES
from serving.v1 import diagnosis_pb2 as messages
from tests.serving.server.fakes import PATIENT, FakePipeline, refuse_unreadable
from tests.serving.server.refusals import Ended, counted, refusal
from tests.serving.server.running import (
    CALL_TIMEOUT_S,
    Running,
    chunk,
    eventually,
    header,
    image,
    running,
)

pytestmark = pytest.mark.anyio


async def diagnosed(
    served: Running, requests: Iterable[messages.DiagnoseRequest]
) -> messages.Diagnosis:
    answer = await served.stub.Diagnose(iter(requests), timeout=CALL_TIMEOUT_S)
    diagnosis: messages.Diagnosis = answer.diagnosis
    return diagnosis


async def test_chunks_of_several_files_become_one_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as served:
        answer = await diagnosed(
            served,
            [
                header("a.dcm", "b.dcm", request_id="visit-7", confidence_threshold=0.6),
                chunk(b"abc"),
                chunk(b"wxyz", 1),
                chunk(b"de"),
            ],
        )

    assert answer.request_id == "visit-7"
    assert [list(each.notes) for each in answer.images] == [["5 bytes"], ["4 bytes"]]
    assert served.pipeline.options[0].confidence_threshold == 0.6


async def test_a_request_without_an_id_gets_one(tmp_path: Path) -> None:
    async with running(tmp_path) as served:
        first = await served.stub.DiagnoseImage(image(), timeout=CALL_TIMEOUT_S)
        second = await served.stub.DiagnoseImage(image(), timeout=CALL_TIMEOUT_S)

    assert first.diagnosis.request_id
    assert first.diagnosis.request_id != second.diagnosis.request_id


async def test_the_laterality_of_the_request_reaches_the_pipeline(tmp_path: Path) -> None:
    request = image()
    request.file.laterality = messages.LATERALITY_LEFT
    async with running(tmp_path) as served:
        await served.stub.DiagnoseImage(request, timeout=CALL_TIMEOUT_S)

    assert served.pipeline.files[0][0].laterality is Laterality.LEFT


async def test_a_large_file_waits_on_disk_for_its_owner_alone_and_is_gone_after_the_answer(
    tmp_path: Path,
) -> None:
    pipeline = FakePipeline()
    pipeline.may_answer.clear()
    part = b"x" * 1024**2
    async with running(tmp_path, pipeline=pipeline) as served:
        requests = [header("a"), *[chunk(part)] * (MEMORY_BYTES // len(part) + 2)]
        call = asyncio.ensure_future(diagnosed(served, requests))
        await pipeline.began.wait()
        (path,) = served.spooled
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert pipeline.files[0][0].content == path
        pipeline.may_answer.set()
        answer = await call
        assert list(answer.images[0].notes) == [f"{MEMORY_BYTES + 2 * len(part)} bytes"]
        assert served.spooled == []


@pytest.mark.parametrize("has_come", ["part of the upload", "all of the upload"])
async def test_a_caller_who_goes_leaves_neither_work_nor_files(
    tmp_path: Path, has_come: str
) -> None:
    pipeline = FakePipeline()
    pipeline.may_answer.clear()
    rest = asyncio.Event()
    sent = asyncio.Event()

    async def requests() -> AsyncIterator[messages.DiagnoseRequest]:
        yield header("a")
        yield chunk(b"x" * (MEMORY_BYTES // 2))
        yield chunk(b"x" * (MEMORY_BYTES // 2))
        yield chunk(b"x" * 100)
        sent.set()
        if has_come == "part of the upload":
            await rest.wait()

    async with running(tmp_path, pipeline=pipeline) as served:
        call = served.stub.Diagnose(requests())
        await sent.wait()
        await eventually(lambda: served.spooled)
        if has_come == "all of the upload":
            await pipeline.began.wait()
        call.cancel()
        await eventually(lambda: not served.spooled)
        await eventually(lambda: counted(served, "Diagnose", "CANCELLED") == 1)
        assert pipeline.active == 0


async def test_work_is_dropped_at_the_callers_deadline(tmp_path: Path) -> None:
    pipeline = FakePipeline()
    pipeline.may_answer.clear()
    async with running(tmp_path, pipeline=pipeline) as served:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await served.stub.DiagnoseImage(image(), timeout=0.3)
        assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        async with asyncio.timeout(CALL_TIMEOUT_S):
            await pipeline.cancelled.wait()
        assert 0 < pipeline.deadlines_s[0] <= 0.3


async def test_a_request_without_a_deadline_gets_that_of_the_settings(tmp_path: Path) -> None:
    pipeline = FakePipeline()
    pipeline.may_answer.clear()
    async with running(tmp_path, pipeline=pipeline, request_timeout_s=0.2) as served:
        status, info, _ = await refusal(served.stub.DiagnoseImage(image()))

    assert status is grpc.StatusCode.DEADLINE_EXCEEDED
    assert info.reason == Reason.DEADLINE_EXCEEDED


async def test_an_upload_that_stops_is_given_up(tmp_path: Path) -> None:
    never = asyncio.Event()

    async def requests() -> AsyncIterator[messages.DiagnoseRequest]:
        yield header("a")
        await never.wait()

    async with running(tmp_path, upload_idle_s=0.2) as served:
        status, info, _ = await refusal(served.stub.Diagnose(requests()))

    assert (status, info.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, Reason.DEADLINE_EXCEEDED)


async def test_an_upload_that_drips_ends_at_the_deadline(tmp_path: Path) -> None:
    async def requests() -> AsyncIterator[messages.DiagnoseRequest]:
        yield header("a")
        while True:
            yield chunk(b"x")
            await asyncio.sleep(0.02)

    async with running(tmp_path, request_timeout_s=0.3) as served:
        status, info, _ = await refusal(served.stub.Diagnose(requests()))

    assert (status, info.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, Reason.DEADLINE_EXCEEDED)


@pytest.mark.parametrize(
    ("requests", "reason"),
    [
        ([], Reason.REQUEST_INVALID),
        ([chunk(b"x")], Reason.REQUEST_INVALID),
        ([header()], Reason.REQUEST_INVALID),
        ([header(*"abc")], Reason.REQUEST_INVALID),
        ([header("a"), header("b")], Reason.REQUEST_INVALID),
        ([header("a"), chunk(b"x", file=1)], Reason.REQUEST_INVALID),
        ([header("a", request_id=PATIENT)], Reason.REQUEST_INVALID),
        ([header("a" * 2000), chunk(b"x")], Reason.REQUEST_INVALID),
        ([header("a", "b"), chunk(b"x" * 60), chunk(b"x" * 60, 1)], Reason.REQUEST_TOO_LARGE),
    ],
)
async def test_a_stream_against_the_rules_is_refused_with_its_reason(
    tmp_path: Path, requests: Sequence[messages.DiagnoseRequest], reason: Reason
) -> None:
    async with running(tmp_path, max_files=2, max_upload_bytes=100) as served:
        status, info, retry = await refusal(served.stub.Diagnose(iter(requests)))

    assert (status, info.reason, retry) == (grpc.StatusCode.INVALID_ARGUMENT, reason, None)
    assert served.pipeline.files == []


async def test_an_upload_is_refused_as_soon_as_it_is_too_large(tmp_path: Path) -> None:
    part = b"x" * 1024**2

    async def endless() -> AsyncIterator[messages.DiagnoseRequest]:
        yield header("a")
        while True:
            yield chunk(part)

    async with running(tmp_path, max_upload_bytes=8 * 1024**2) as served:
        _, info, _ = await refusal(served.stub.Diagnose(endless()))
        assert served.spooled == []

    assert info.reason == Reason.REQUEST_TOO_LARGE


async def test_all_uploads_together_are_bounded(tmp_path: Path) -> None:
    pipeline = FakePipeline()
    pipeline.may_answer.clear()
    async with running(tmp_path, pipeline=pipeline, max_spool_bytes=100) as served:
        first = asyncio.ensure_future(diagnosed(served, [header("a"), chunk(b"x" * 80)]))
        await pipeline.began.wait()
        status, info, retry = await refusal(
            served.stub.Diagnose(iter([header("b"), chunk(b"x" * 80)]))
        )
        assert (status, info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, Reason.QUEUE_FULL)
        assert retry is not None
        pipeline.may_answer.set()
        await first
        await diagnosed(served, [header("b"), chunk(b"x" * 80)])


async def test_of_500_requests_at_once_those_without_a_place_are_refused_and_the_rest_answered(
    tmp_path: Path,
) -> None:
    pipeline = FakePipeline()
    pipeline.may_answer.clear()
    async with running(tmp_path, pipeline=pipeline, max_active=4, max_waiting=100) as served:
        calls = [
            asyncio.ensure_future(outcome(served.stub.DiagnoseImage(image(), timeout=60)))
            for _ in range(500)
        ]
        await until_done(calls, 396)
        pipeline.may_answer.set()
        outcomes = Counter(await asyncio.gather(*calls))

    assert outcomes == {"RESOURCE_EXHAUSTED with RetryInfo": 396, "success": 104}
    assert pipeline.most_active == 4


async def until_done(calls: Sequence["asyncio.Future[str]"], number: int) -> None:
    pending: set[asyncio.Future[str]] = set(calls)
    async with asyncio.timeout(CALL_TIMEOUT_S):
        while len(calls) - len(pending) < number:
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)


async def outcome(call: Any) -> str:
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        details = await rpc_status.aio.from_call(Ended(error))
        has_retry = any(each.Is(RetryInfo.DESCRIPTOR) for each in details.details)
        return error.code().name + (" with RetryInfo" if has_retry else "")
    return str(answer.diagnosis.status)


async def test_a_request_leaves_one_line_without_the_names_of_its_files(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(tmp_path) as served:
        await diagnosed(
            served,
            [header(f"{PATIENT}_OD.dcm", request_id="visit-7"), chunk(b"abc")],
        )

    (line,) = [each.getMessage() for each in caplog.records if "visit-7" in each.getMessage()]
    assert line.startswith("visit-7 Diagnose OK ")
    assert line.endswith("1 files, model fovea-retinal 1")
    assert PATIENT not in caplog.text


async def test_an_unexpected_error_shows_its_place_and_not_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pipeline = FakePipeline()
    pipeline.on_files = refuse_unreadable
    async with running(tmp_path, pipeline=pipeline) as served:
        call = served.stub.DiagnoseImage(image("visit-7", b"crash"), timeout=CALL_TIMEOUT_S)
        status, info, _ = await refusal(call)
        assert "visit-7" not in await call.details()

    assert (status, info.reason) == (grpc.StatusCode.INTERNAL, Reason.SERVICE_FAILED)
    assert "ValueError at " in caplog.text
    assert "fakes.py:" in caplog.text
    assert PATIENT not in caplog.text
    gc.collect()
    assert PATIENT not in caplog.text
