"""Decoding in processes of their own: crashes, hangs, limits, the queue, and the end."""

import asyncio
import contextlib
import errno
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from serving.errors import Reason, ServingError
from serving.images.anonymous_file import AnonymousFile
from serving.images.limits import MEBIBYTE, DecodeLimits
from serving.images.pool import DecodePool
from serving.images.process import StartError
from tests.serving.images.decoded_here import decoded
from tests.serving.images.dicom_files import dicom_file, grey_dataset
from tests.serving.images.test_pictures import picture
from tests.waiting import until

pytestmark = pytest.mark.anyio

STACK = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
GOOD = dicom_file(grey_dataset(STACK, ImageLaterality="L", PixelSpacing=[0.5, 0.25]))


@pytest.fixture(scope="module")
async def shared_pool(anyio_backend: str) -> AsyncIterator[DecodePool]:
    async with running(DecodePool(num_processes=2)) as pool:
        yield pool


@asynccontextmanager
async def running(pool: DecodePool) -> AsyncIterator[DecodePool]:
    await pool.start()
    try:
        yield pool
    finally:
        await pool.close()


class SlowFile:
    """A file whose content a process awaits: a named pipe, which opens only when somebody reads it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "slow"
        os.mkfifo(self.path)

    async def taken(self) -> int:
        """Wait until a decode process reads it; gives the descriptor to write to."""
        return await asyncio.to_thread(until, self.writer, "the reading of the slow file")

    def writer(self) -> int | None:
        try:
            return os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            # Nobody reads it.
            return None


async def until_true(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(until, condition, "what the test awaits")


async def reason_of(answer: Any) -> Reason:
    with pytest.raises(ServingError) as caught:
        await answer
    return caught.value.reason


async def test_a_process_gives_what_decoding_here_gives(
    shared_pool: DecodePool, tmp_path: Path
) -> None:
    expected = decoded(GOOD)
    (tmp_path / "upload").write_bytes(GOOD)
    for found in (
        await shared_pool.decode(GOOD),
        await shared_pool.decode(tmp_path / "upload", file_name="any name.dcm"),
    ):
        assert np.array_equal(np.stack(found.frames), np.stack(expected.frames))
        for fact in ("format", "laterality", "modality", "pixel_spacing_mm", "notes"):
            assert getattr(found, fact) == getattr(expected, fact)


async def test_a_refusal_keeps_its_reason_and_its_words(shared_pool: DecodePool) -> None:
    with pytest.raises(ServingError) as caught:
        await shared_pool.decode(b"a text", file_name="scan.dcm")
    assert caught.value.reason is Reason.IMAGE_UNSUPPORTED
    assert "This is no image, but a text." in caught.value.message


async def test_many_files_at_once_are_all_answered(shared_pool: DecodePool) -> None:
    answers = await asyncio.gather(*(shared_pool.decode(GOOD) for _ in range(40)))
    assert {len(answer.frames) for answer in answers} == {3}


async def test_a_file_above_its_limit_does_not_reach_a_process() -> None:
    async with running(
        DecodePool(num_processes=1, limits=DecodeLimits(file_bytes=len(GOOD) - 1))
    ) as pool:
        assert await reason_of(pool.decode(GOOD)) is Reason.IMAGE_TOO_LARGE


async def test_an_upload_that_is_gone_is_refused(shared_pool: DecodePool, tmp_path: Path) -> None:
    assert await reason_of(shared_pool.decode(tmp_path / "gone")) is Reason.IMAGE_UNREADABLE


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV])
async def test_a_process_that_ends_costs_one_answer(
    shared_pool: DecodePool, tmp_path: Path, number: int
) -> None:
    slow, lost_before = SlowFile(tmp_path), shared_pool.num_lost
    before = set(shared_pool.pids)
    answer = asyncio.create_task(shared_pool.decode(slow.path))
    writer = await slow.taken()
    reader = await asyncio.to_thread(
        until, lambda: reader_of(slow.path, shared_pool.pids), "the reader of the slow file"
    )
    os.kill(reader, number)
    os.close(writer)
    assert await reason_of(answer) is Reason.DECODER_CRASHED
    assert len((await shared_pool.decode(GOOD)).frames) == 3
    await until_true(lambda: len(shared_pool.pids) == 2)
    assert shared_pool.num_lost == lost_before + 1
    assert len(before & set(shared_pool.pids)) == 1


def reader_of(path: Path, pids: tuple[int, ...]) -> int | None:
    for pid in pids:
        if any(link.readlink() == path for link in Path(f"/proc/{pid}/fd").iterdir()):
            return pid
    return None


def shared_memory() -> set[str]:
    return {file.name for file in Path("/dev/shm").iterdir()}


async def test_a_process_that_ends_idle_costs_no_answer(shared_pool: DecodePool) -> None:
    lost_before = shared_pool.num_lost
    for pid in shared_pool.pids:
        os.kill(pid, signal.SIGKILL)
    assert len((await shared_pool.decode(GOOD)).frames) == 3
    await until_true(lambda: shared_pool.num_lost == lost_before + 2)
    await until_true(lambda: len(shared_pool.pids) == 2)


async def test_a_process_that_hangs_is_replaced_and_others_go_on(tmp_path: Path) -> None:
    slow = SlowFile(tmp_path)
    async with running(DecodePool(num_processes=2, limits=DecodeLimits(timeout_s=2))) as pool:
        hanging = asyncio.create_task(pool.decode(slow.path))
        writer = await slow.taken()
        assert len((await pool.decode(GOOD)).frames) == 3
        assert not hanging.done()
        assert await reason_of(hanging) is Reason.DECODER_TOO_SLOW
        os.close(writer)
        await until_true(lambda: len(pool.pids) == 2)
        assert pool.num_lost == 1


async def test_a_file_that_needs_too_much_memory_costs_one_answer() -> None:
    content = picture(Image.new("1", (8000, 8000)), "PNG")
    limits = DecodeLimits(memory_bytes=320 * MEBIBYTE, frame_pixels=2**27)
    async with running(DecodePool(num_processes=1, limits=limits)) as pool:
        reason = await reason_of(pool.decode(content))
        assert reason in (Reason.IMAGE_TOO_LARGE, Reason.DECODER_CRASHED)
        assert len((await pool.decode(GOOD)).frames) == 3


async def test_a_file_that_cannot_be_handed_over_costs_one_answer(
    shared_pool: DecodePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_: AnonymousFile, __: bytes) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(AnonymousFile, "write", no_space)
        assert await reason_of(shared_pool.decode(GOOD)) is Reason.DECODER_CRASHED
    assert len((await shared_pool.decode(GOOD)).frames) == 3


async def test_a_memory_limit_below_the_libraries_is_said_at_the_start() -> None:
    pool = DecodePool(num_processes=1, limits=DecodeLimits(memory_bytes=MEBIBYTE))
    with pytest.raises(StartError, match="memory limit"):
        await pool.start()


async def test_a_full_queue_refuses_and_a_cancelled_file_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = SlowFile(tmp_path / "a"), SlowFile(tmp_path / "b")
    async with running(DecodePool(num_processes=1, max_waiting=1)) as pool:
        decoding = asyncio.create_task(pool.decode(first.path))
        writer = await first.taken()
        waiting = asyncio.create_task(pool.decode(second.path))
        await until_true(lambda: pool.num_waiting == 1)
        assert await reason_of(pool.decode(GOOD)) is Reason.QUEUE_FULL
        waiting.cancel()
        await asyncio.wait({waiting})
        os.write(writer, GOOD)
        os.close(writer)
        assert len((await decoding).frames) == 3
        assert len((await pool.decode(GOOD)).frames) == 3
        assert second.writer() is None


async def test_a_caller_that_goes_leaves_the_process_usable(tmp_path: Path) -> None:
    slow = SlowFile(tmp_path)
    async with running(DecodePool(num_processes=1)) as pool:
        decoding = asyncio.create_task(pool.decode(slow.path))
        writer = await slow.taken()
        decoding.cancel()
        await asyncio.wait({decoding})
        os.write(writer, GOOD)
        os.close(writer)
        assert len((await pool.decode(GOOD)).frames) == 3
        assert pool.num_lost == 0


async def test_the_wait_of_a_caller_has_a_deadline(tmp_path: Path) -> None:
    slow = SlowFile(tmp_path)
    async with running(DecodePool(num_processes=1)) as pool:
        decoding = asyncio.create_task(pool.decode(slow.path))
        writer = await slow.taken()
        assert await reason_of(pool.decode(GOOD, timeout_s=0.1)) is Reason.DEADLINE_EXCEEDED
        os.write(writer, GOOD)
        os.close(writer)
        await decoding


async def test_closing_answers_who_waits_and_ends_the_processes(tmp_path: Path) -> None:
    slow = SlowFile(tmp_path)
    pool = DecodePool(num_processes=1)
    await pool.start()
    pids = pool.pids
    decoding = asyncio.create_task(pool.decode(slow.path))
    writer = await slow.taken()
    waiting = asyncio.create_task(pool.decode(GOOD))
    await until_true(lambda: pool.num_waiting == 1)
    await pool.close()
    os.close(writer)
    assert await reason_of(decoding) is Reason.SHUTTING_DOWN
    assert await reason_of(waiting) is Reason.SHUTTING_DOWN
    assert await reason_of(pool.decode(GOOD)) is Reason.SHUTTING_DOWN
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_a_pool_leaves_no_descriptor_and_no_shared_memory_behind(tmp_path: Path) -> None:
    async with running(DecodePool(num_processes=1)) as pool:
        await pool.decode(GOOD)
    num_open, shared = psutil.Process().num_fds(), shared_memory()
    async with running(DecodePool(num_processes=2)) as pool:
        await asyncio.gather(*(pool.decode(GOOD) for _ in range(8)))
        os.kill(pool.pids[0], signal.SIGKILL)
        await until_true(lambda: pool.num_lost == 1 and len(pool.pids) == 2)
    assert psutil.Process().num_fds() == num_open
    assert shared_memory() <= shared


async def test_nothing_of_a_file_stays_with_a_process_that_has_nothing_to_do() -> None:
    async with running(DecodePool(num_processes=1)) as pool:
        large = dicom_file(grey_dataset(np.tile(STACK, (1, 10, 10))))
        answers = await asyncio.gather(pool.decode(large), pool.decode(GOOD), pool.decode(large))
        expected = [decoded(content) for content in (large, GOOD, large)]
        for found, alone in zip(answers, expected, strict=True):
            assert np.array_equal(np.stack(found.frames), np.stack(alone.frames))
        assert set(shared_files()) == {0}


def shared_files() -> list[int]:
    """The sizes of the files that this process shares with its decode processes."""
    sizes = []
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if str(entry.readlink()).startswith("/memfd:decode"):
                sizes.append(entry.stat().st_size)
    return sizes


async def test_a_process_has_neither_the_service_s_secrets_nor_its_libraries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FOVEA_SERVING_TOKEN", "planted-secret")
    async with running(DecodePool(num_processes=1)) as pool:
        process = Path(f"/proc/{pool.pids[0]}")
        assert b"planted-secret" not in (process / "environ").read_bytes()
        loaded = (process / "maps").read_text()
    assert "libtorch" not in loaded
    assert "grpc" not in loaded


def test_processes_end_when_the_service_is_killed() -> None:
    program = (
        "import asyncio\n"
        "from serving.images.pool import DecodePool\n"
        "async def main():\n"
        "    pool = DecodePool(num_processes=2)\n"
        "    await pool.start()\n"
        "    print(*pool.pids, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as service:
        assert service.stdout is not None
        pids = [int(pid) for pid in service.stdout.readline().split()]
        assert len(pids) == 2
        service.kill()
    until(lambda: not any(is_running(pid) for pid in pids), "the end of the decode processes")


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
