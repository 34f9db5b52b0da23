"""`fovea pause`, `resume` and `stop`: their output, and an exit code that never claims too much."""

import pytest

from api.cli.control_command import exit_code
from api.control.schemas import ControlResponse, ControlResult
from api.control.transitions import Action
from tests.api.cli.conftest import Fovea
from tests.api.client.simulated_loop import simulated_loop
from tests.servers import Server
from tests.waiting import until
from tracking_plugin.names import RunStatus

LONG_TIMEOUT = ("--timeout", "60")


def test_a_run_is_paused_resumed_and_stopped(fovea: Fovea, server: Server) -> None:
    with simulated_loop(server.url) as loop:
        paused = fovea("pause", loop.run_id, "--url", server.url, *LONG_TIMEOUT)
        assert (paused.code, paused.err) == (0, "")
        assert paused.out == (
            f"{loop.run_id[:8]}: The run is paused after step {loop.step} "
            "and keeps its accelerators\n"
        )

        resumed = fovea("resume", loop.run_id[:12], "--server", server.url, *LONG_TIMEOUT)
        assert resumed.code == 0
        assert "The run goes on" in resumed.out

        stopped = fovea("stop", loop.run_id, "--url", server.url, *LONG_TIMEOUT)
        assert stopped.code == 0
        until(lambda: loop.mlflow_status == "KILLED", "the run's end")

        refused = fovea("resume", loop.run_id, "--url", server.url)
        assert (refused.code, refused.out) == (1, "")
        assert refused.err.startswith("fovea: The run is stopped")


def test_a_run_that_does_not_acknowledge_in_time_is_no_success(
    fovea: Fovea, server: Server
) -> None:
    with simulated_loop(server.url) as loop:
        loop.may_step.clear()
        # The run may have passed `may_step` before it was cleared.
        fovea("pause", loop.run_id, "--url", server.url, "--timeout", "0")
        fovea("resume", loop.run_id, "--url", server.url, "--timeout", "0")

        late = fovea("pause", loop.run_id, "--url", server.url, "--timeout", "0.2")

    assert (late.code, late.out) == (3, "")
    assert "has not acknowledged the command to pause" in late.err


def test_a_release_that_the_server_cannot_resume_is_refused(fovea: Fovea, server: Server) -> None:
    with simulated_loop(server.url) as loop:
        refused = fovea("pause", loop.run_id, "--release", "--url", server.url)

    assert refused.code == 1
    assert "pause it without release" in refused.err


@pytest.mark.parametrize(
    ("result", "acknowledged", "code"),
    [
        (ControlResult.SUCCESS, True, 0),
        (ControlResult.ERROR, False, 1),
        (ControlResult.SUCCESS, False, 3),
    ],
)
def test_the_exit_code_is_0_only_if_every_rank_has_acknowledged(
    result: ControlResult, *, acknowledged: bool, code: int
) -> None:
    answer = ControlResponse(
        status=result,
        message="",
        training_status=RunStatus.PAUSING,
        run_id="r",
        acknowledged=acknowledged,
        released=False,
        step=None,
    )

    assert exit_code(answer) == code


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("timeout", ["-1", "601", "soon"])
def test_an_invalid_timeout_is_named(fovea: Fovea, action: Action, timeout: str) -> None:
    result = fovea(action, "run", "--timeout", timeout)

    assert result.code == 2
    assert "--timeout" in result.err
