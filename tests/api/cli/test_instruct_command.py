"""`fovea command`: its arguments, its output, and an exit code that never claims too much."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from api.cli.instruct_command import exit_code, typed_arguments
from api.control.instruction_schemas import InstructionStatus
from tests.api.cli.conftest import Fovea
from tests.api.client.simulated_loop import SimulatedLoop, simulated_loop
from tests.servers import Server

LONG_TIMEOUT = ("--timeout", "60")


@contextmanager
def sampling_loop(url: str) -> Iterator[SimulatedLoop]:
    with simulated_loop(url, understands=["sample_now"]) as loop:
        yield loop


def test_a_command_is_carried_out_refused_or_unknown(fovea: Fovea, server: Server) -> None:
    with sampling_loop(server.url) as loop:
        url = ("--url", server.url, *LONG_TIMEOUT)
        done = fovea("command", loop.run_id, "sample_now", "count=2", "prompt=a cat", *url)
        assert (done.code, done.err) == (0, "")
        [taken] = loop.taken
        assert taken.arguments == {"count": 2, "prompt": "a cat"}
        assert done.out == f"{loop.run_id[:8]}: sample_now: done after step {taken.step}. Sampled\n"

        refused = fovea("command", loop.run_id[:12], "sample_now", "count=0", *url)
        assert (refused.code, refused.out) == (1, "")
        assert "sample_now: refused after step" in refused.err

        unknown = fovea("command", loop.run_id, "dance", *url)
        assert (unknown.code, unknown.out) == (1, "")
        assert "understands sample_now, and not dance" in unknown.err


def test_a_run_that_does_not_answer_in_time_is_no_success(fovea: Fovea, server: Server) -> None:
    with sampling_loop(server.url) as loop:
        loop.may_step.clear()
        # The run may have passed `may_step` before it was cleared.
        fovea("command", loop.run_id, "sample_now", "--url", server.url, "--timeout", "0")
        fovea("command", loop.run_id, "sample_now", "--url", server.url, "--timeout", "1")

        late = fovea("command", loop.run_id, "sample_now", "--url", server.url, "--timeout", "0.1")

    assert (late.code, late.out) == (3, "")
    assert "sample_now: pending. Stored" in late.err


def test_values_are_numbers_booleans_null_or_texts() -> None:
    options = ["a=1", "b=1.5", "c=true", "d=null", 'e="1"', "f=x=y", "g=", "h=NaN", "i=1e999"]
    assert typed_arguments([*options, "j=[1]", "k={", "l=" + "9" * 5000]) == {
        "a": 1,
        "b": 1.5,
        "c": True,
        "d": None,
        "e": "1",
        "f": "x=y",
        "g": "",
        "h": "NaN",
        "i": "1e999",
        "j": "[1]",
        "k": "{",
        "l": "9" * 5000,
    }


@pytest.mark.parametrize("argument", ["count", "=2", "", "a=1 b", "a=\udcff"])
def test_an_argument_of_another_form_is_named(fovea: Fovea, argument: str) -> None:
    arguments = ("a=2", argument) if argument.startswith("a=1") else (argument,)
    result = fovea("command", "run", "sample_now", *arguments)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("fovea: ")


@pytest.mark.parametrize(
    ("status", "code"),
    [("done", 0), ("refused", 1), ("failed", 1), ("pending", 3), ("taken", 3)],
)
def test_the_exit_code_is_0_only_if_the_run_has_carried_it_out(status: str, code: int) -> None:
    assert exit_code(InstructionStatus(status)) == code
