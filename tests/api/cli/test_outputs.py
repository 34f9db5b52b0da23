"""`fovea` prints to terminals without Unicode, to closed outputs, lost readers and full disks."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.cli.main import PIPE_CLOSED
from tests.api.cli.conftest import FOVEA
from tests.api.cli.test_status_command import summary
from tests.api.client.fake_stream import RUN_ID, FakeStream, serving

NAME = "étude 👁\u200d🗨 \u202egpj.exe"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    runs = [summary(RUN_ID, run_name=NAME)] * 300
    with serving(FakeStream(answers={"/api/runs": runs})) as fake:
        yield fake.url


def start(url: str, *options: str, **outputs: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [str(FOVEA), "status", "--url", url, "--limit", "300", *options],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **outputs},
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_name_is_shown_where_the_terminal_lacks_its_characters(url: str, encoding: str) -> None:
    variables = {**os.environ, "PYTHONIOENCODING": encoding}

    out, err = start(url, env=variables).communicate()

    assert err == b""
    name = out.splitlines()[0].decode(encoding).split("\t")[-1]
    assert name.replace("\\xe9", "é") == "étude \\U0001f441\\U0001f5e8 gpj.exe"


def test_json_contains_no_character_that_a_terminal_obeys(url: str) -> None:
    out, _ = start(url, "--json").communicate()

    assert out.isascii()


def test_a_reader_that_leaves_is_no_error(url: str) -> None:
    process = start(url)
    assert process.stdout is not None
    process.stdout.close()

    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait() in (1, PIPE_CLOSED)
    process.stderr.close()


def test_a_full_disk_is_one_sentence(url: str) -> None:
    with Path("/dev/full").open("wb") as full:
        process = start(url, stdout=full)
        _, err = process.communicate()

    assert err == b"fovea: the output cannot be written: No space left on device\n"
    assert process.returncode == 1


def test_a_closed_output_is_no_error(url: str) -> None:
    process = start(url, preexec_fn=lambda: os.close(1))
    _, err = process.communicate()

    assert err == b""
    assert process.returncode == 0
