"""Killed programs and servers and cut networks: a real program carries out each command at most once."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from api.control.instructions import LOST_MESSAGE
from api.control.link_claim import digest_of
from tests.api.control.instructions import listed, send, sent, statuses
from tests.api.control.loops import DEADLINE_S, new_run, post, training
from tests.proxy import TcpProxy
from tests.servers import Server, fovea_server
from tests.waiting import until
from tracking_plugin import control_link
from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Observed
from tracking_plugin.control_secret import LINK_VARIABLE


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that reconnects within moments."""
    for name in ("HEARTBEAT_S", "FIRST_RETRY_DELAY_S", "MAX_RETRY_DELAY_S", "CLOSE_TIMEOUT_S"):
        monkeypatch.setattr(control_link, name, 0.2)
    monkeypatch.setattr(control_link, "OPEN_TIMEOUT_S", 2.0)


@contextmanager
def control_of(run_id: str, url: str) -> Iterator[RunControl]:
    """A control that the server knows to understand `sample_now`."""
    with RunControl(run_id, tracking_uri=url, understands=["sample_now"]) as control:
        number = control.report(Observed.TRAINING, step=0)
        assert control.wait_acknowledged(number, DEADLINE_S)
        yield control


def take(control: RunControl, step: int, num: int) -> list[int]:
    """The ids of the next `num` commands."""
    ids: list[int] = []

    def taken() -> bool:
        for instruction in control.take_instructions(step):
            ids.append(instruction.id)
            instruction.done("ü")
        return len(ids) >= num

    until(taken, f"{num} commands")
    return ids


@pytest.mark.usefixtures("quick")
def test_a_cut_network_neither_repeats_a_command_nor_loses_an_answer(server: Server) -> None:
    run_id = new_run(server.url)
    with TcpProxy(server.port) as proxy, control_of(run_id, proxy.url) as control:
        first = sent(send(server.url, run_id))["id"]
        instruction = until(lambda: control.take_instructions(4), "a command")[0]
        with proxy.stalled():
            second = sent(send(server.url, run_id))["id"]
            instruction.done()
            instruction.refuse("Too late: the first answer counts")
            assert control.take_instructions(5) == []
        assert take(control, 6, 1) == [second]
        until(lambda: statuses(server.url, run_id) == ["done", "done"], "both answers")
        assert [(entry["id"], entry["step"]) for entry in listed(server.url, run_id)] == [
            (first, 4),
            (second, 6),
        ]
        assert control.take_instructions(7) == []


@pytest.mark.usefixtures("quick")
def test_a_killed_server_neither_repeats_a_command_nor_loses_one(tmp_path: Path) -> None:
    with fovea_server(tmp_path / "data") as server:
        run_id, port = new_run(server.url), server.port
        running = control_of(run_id, server.url)
        control = running.__enter__()
        sent(send(server.url, run_id))
        [taken] = until(lambda: control.take_instructions(1), "a command")
        pending = sent(send(server.url, run_id))["id"]
        server.kill()
    taken.done()
    with fovea_server(tmp_path / "data", port=port) as server:
        assert take(control, 2, 1) == [pending]
        until(lambda: statuses(server.url, run_id) == ["done", "done"], "both answers")
        running.__exit__(None, None, None)


def give_secret(server: Server, run_id: str, secret: str) -> None:
    """Let the run's programs be those of a job with `secret`, as when the server starts one."""
    with training(server.url, run_id):
        pass
    with closing(sqlite3.connect(server.data_dir / "mlflow.db", timeout=30)) as database, database:
        database.execute(
            "UPDATE fovea_controlled_runs SET link_digest = ?, is_link_of_job = 1 WHERE run_id = ?",
            (digest_of(secret), run_id),
        )


@contextmanager
def program(run_id: str, url: str, file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A job of its own, as one that the server starts again with the same secret."""
    module = "tests.api.control.sampling_program"
    process = subprocess.Popen([sys.executable, "-m", module, run_id, url, str(file)])
    try:
        yield process
    finally:
        process.kill()
        process.wait(DEADLINE_S)


def carried_out(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def test_a_killed_program_leaves_what_it_took_to_nobody_and_the_rest_to_the_next(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, file = new_run(server.url), tmp_path / "samples"
    give_secret(server, run_id, "of one job")
    monkeypatch.setenv(LINK_VARIABLE, "of one job")
    with program(run_id, server.url, file) as killed:
        until(lambda: send(server.url, run_id).status_code == 201, "the program")
        first = sent(send(server.url, run_id, arguments={"count": 3}, wait_s=DEADLINE_S))
        assert (first["status"], first["message"]) == ("done", "Sampled 3")
        hanging = sent(send(server.url, run_id, arguments={"hangs": True}))["id"]
        until(lambda: hanging in carried_out(file), "the command is carried out")
        killed.send_signal(signal.SIGSTOP)
        pending = sent(send(server.url, run_id))["id"]
    with program(run_id, server.url, file):
        until(lambda: pending in carried_out(file), "the next program takes the other command")
        until(lambda: listed(server.url, run_id)[-1]["status"] == "done", "the answer")
        ids = carried_out(file)
        assert len(ids) == len(set(ids)), "none twice"
        ends = {entry["id"]: entry for entry in listed(server.url, run_id)}
        assert (ends[hanging]["status"], ends[hanging]["message"]) == ("failed", LOST_MESSAGE)
        assert post(server.url, "stop", run_id, timeout_s=DEADLINE_S).json()["acknowledged"]


def test_a_loop_that_ends_refuses_what_it_has_not_taken(server: Server) -> None:
    run_id = new_run(server.url)
    with control_of(run_id, server.url):
        sent(send(server.url, run_id))
    until(lambda: statuses(server.url, run_id) == ["failed"], "the end of the loop")
