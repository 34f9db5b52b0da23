"""Batches over real gRPC: answers as they come, failures of single images, bounds, and callers who go."""

import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import grpc
import grpc.aio
import pytest

from serving.v1 import diagnosis_pb2 as messages
from tests.serving.server.fakes import PATIENT, FakePipeline, refuse_unreadable
from tests.serving.server.refusals import counted, refusal
from tests.serving.server.running import CALL_TIMEOUT_S, eventually, item, running

pytestmark = pytest.mark.anyio


async def test_a_batch_is_answered_image_by_image_while_it_is_open(tmp_path: Path) -> None:
    async with running(tmp_path) as served:
        call = served.stub.DiagnoseBatch(timeout=CALL_TIMEOUT_S)
        for request_id, content in (("one", b"1"), ("two", b"22")):
            for request in item(request_id, content):
                await call.write(request)
            answer = (await call.read()).diagnosis
            assert answer.request_id == request_id
            assert list(answer.images[0].notes) == [f"{len(content)} bytes"]
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF


async def test_a_failed_image_does_not_end_the_batch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    pipeline = FakePipeline()
    pipeline.on_files = refuse_unreadable
    requests = [
        *item("good"),
        *item("bad", b"unreadable"),
        *item("large", b"x" * 200),
        *item("crash", b"crash"),
        *item("last"),
    ]
    async with running(tmp_path, pipeline=pipeline, max_upload_bytes=100) as served:
        call = served.stub.DiagnoseBatch(iter(requests), timeout=CALL_TIMEOUT_S)
        answers = {each.diagnosis.request_id: each.diagnosis async for each in call}

    assert {name: each.error.reason or each.status for name, each in answers.items()} == {
        "good": "success",
        "bad": "IMAGE_UNREADABLE",
        "large": "REQUEST_TOO_LARGE",
        "crash": "SERVICE_FAILED",
        "last": "success",
    }
    assert "DiagnoseBatch OK " in caplog.text
    assert "5 files, model fovea-retinal 1" in caplog.text
    assert PATIENT not in caplog.text


async def test_an_image_of_a_batch_also_ends_with_the_next_header_or_the_stream(
    tmp_path: Path,
) -> None:
    requests = [*item("one"), *item("two")]
    for request in requests:
        request.ends_image = False
    async with running(tmp_path) as served:
        call = served.stub.DiagnoseBatch(iter(requests), timeout=CALL_TIMEOUT_S)
        assert {each.diagnosis.request_id async for each in call} == {"one", "two"}


async def test_a_batch_is_read_no_further_than_its_answers_are_taken(tmp_path: Path) -> None:
    pipeline = FakePipeline()
    pipeline.may_answer.clear()
    content = b"x" * 256 * 1024

    async def requests() -> AsyncIterator[messages.DiagnoseBatchRequest]:
        for number in range(200):
            for request in item(str(number), content):
                yield request

    async with running(tmp_path, pipeline=pipeline, max_batch_in_flight=3) as served:
        call = served.stub.DiagnoseBatch(requests(), timeout=CALL_TIMEOUT_S)
        await eventually(lambda: pipeline.active == 3)
        pipeline.may_answer.set()
        answers = [each.diagnosis.request_id async for each in call]
        assert pipeline.most_active == 3
        assert sorted(answers, key=int) == [str(number) for number in range(200)]


@pytest.mark.parametrize(
    "requests",
    [
        [messages.DiagnoseBatchRequest(content=b"x")],
        [*item("same"), *item("same")],
        [*item("1"), *item("2"), *item("3"), *item("4")],
    ],
    ids=["content before its header", "an id twice", "too many images"],
)
async def test_a_batch_against_the_rules_is_refused(
    tmp_path: Path, requests: Sequence[messages.DiagnoseBatchRequest]
) -> None:
    async with running(tmp_path, max_batch_items=3) as served:
        call = served.stub.DiagnoseBatch(iter(requests), timeout=CALL_TIMEOUT_S)
        status, _, _ = await refusal(call)
        assert served.spooled == []

    assert status is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_cancelled_batch_leaves_no_files(tmp_path: Path) -> None:
    pipeline = FakePipeline()
    pipeline.may_answer.clear()
    async with running(tmp_path, pipeline=pipeline) as served:
        call = served.stub.DiagnoseBatch(timeout=CALL_TIMEOUT_S)
        for request in item("one", b"x" * 3_000_000), item("two", b"x" * 3_000_000):
            for each in request:
                await call.write(each)
        await pipeline.began.wait()
        call.cancel()
        await eventually(lambda: not pipeline.active and not served.spooled)
        await eventually(lambda: counted(served, "DiagnoseBatch", "CANCELLED") == 1)
