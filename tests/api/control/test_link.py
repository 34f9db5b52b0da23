"""The control link of a real server, used without a client library."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from socket import SHUT_RDWR

import httpx
import pytest
from mlflow import MlflowClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.api.control.loops import (
    DEADLINE_S,
    RawLoop,
    answer,
    audit,
    close_code,
    link_url,
    mlflow_status,
    new_run,
    outcomes,
    pass_time,
    post,
    raw_loop,
    tags,
    training,
    until_status,
)
from tests.proxy import TcpProxy
from tests.servers import Server
from tests.waiting import until


def test_the_desired_state_is_sent_on_connect_and_on_change(server: Server) -> None:
    run_id = new_run(server.url)
    with raw_loop(server.url, run_id) as loop:
        first = loop.receive()
        assert (first["desired"], first["release"], first["command_id"]) == ("running", False, 0)
        post(server.url, "pause", run_id)
        assert loop.command() == ("paused", 1)
        post(server.url, "resume", run_id)
        assert loop.command() == ("running", 2)
        post(server.url, "stop", run_id)
        assert loop.command() == ("stopped", 3)


def test_a_loop_that_reconnects_receives_the_command_given_meanwhile(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id):
        pass
    post(server.url, "pause", run_id)
    with raw_loop(server.url, run_id) as loop:
        assert loop.command() == ("paused", 1)


def test_a_numbered_report_is_acknowledged_and_a_plain_one_is_not(server: Server) -> None:
    run_id = new_run(server.url)
    with raw_loop(server.url, run_id) as loop:
        loop.command()
        loop.report("training", 0, step=1)
        loop.report("training", 0, step=2, number=12)
        assert loop.receive() == {
            "desired": "running",
            "release": False,
            "command_id": 0,
            "heard": 12,
        }
    assert answer(post(server.url, "resume", run_id))["step"] == 2


def test_a_loop_that_reports_running_counts_as_training(server: Server) -> None:
    run_id = new_run(server.url)
    with raw_loop(server.url, run_id) as loop:
        loop.command()
        loop.report("running", 0)
        until(lambda: tags(server.url, run_id)[0] is None, "nothing is new")
        post(server.url, "pause", run_id)
        loop.command()
        loop.report("paused", 1)
        post(server.url, "resume", run_id)
        assert loop.command() == ("running", 2)
        loop.report("running", 2)
        until_status(server.url, run_id, "training")


def test_a_loop_that_reports_stopped_ends_its_run(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        post(server.url, "stop", run_id)
        loop.command()
        loop.report("stopped", 1, message="Enough")
        until(lambda: mlflow_status(server.url, run_id) == "KILLED", "the run is ended")
    assert tags(server.url, run_id) == ("stopped", "Enough")


def test_a_loop_that_has_ended_its_run_keeps_that_end(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        MlflowClient(server.url).set_terminated(run_id, "FINISHED")
        loop.report_acknowledged("stopped", 0)
        assert mlflow_status(server.url, run_id) == "FINISHED"
        until_status(server.url, run_id, "completed")


@pytest.mark.parametrize(
    "malformed",
    [
        "no json",
        "{}",
        "[]",
        "null",
        "7",
        '"paused"',
        "1" * 5000,
        '{"observed": "dancing"}',
        '{"observed": 7}',
        '{"observed": "paused", "command_id": "1"}',
        '{"observed": "paused", "command_id": 1.5}',
        '{"observed": "paused", "step": [1]}',
        '{"observed": "paused", "released": "yes"}',
        '{"observed": "training", "step": 123456789012345678901234567890}',
        '{"observed": "training", "step": 1%s}' % ("0" * 400),
        '{"observed": "training", "number": -1}',
        '{"observed": "training", "command_id": -1}',
        b"\xff\x00",
        "[" * 10_000,
        '{"observed": "training", "x": ' + "[" * 30_000,
    ],
)
def test_a_malformed_report_is_answered_and_the_link_stays_open(
    server: Server, malformed: str | bytes
) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        loop.connection.send(malformed)
        assert "A report was expected" in loop.receive()["error"]
        assert loop.report_acknowledged("training", 0)["desired"] == "running"


def test_a_report_in_a_binary_frame_is_a_report(server: Server) -> None:
    with training(server.url, new_run(server.url)) as loop:
        loop.connection.send(b'{"observed": "training", "number": 5}')
        assert loop.receive()["heard"] == 5


def test_unknown_fields_are_ignored_and_long_messages_are_cut(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        loop.report_acknowledged("training", 0, message="\0" + "é" * 5000, colour="blue")
    assert tags(server.url, run_id)[1] == "é" * 1000


def test_a_message_over_64_kib_closes_the_link(server: Server) -> None:
    with training(server.url, new_run(server.url)) as loop:
        loop.connection.send(json.dumps({"observed": "training", "message": "x" * 70_000}))
        assert close_code(loop) == 1009


def test_a_second_link_of_the_same_program_replaces_the_first(server: Server) -> None:
    run_id = new_run(server.url)
    with (
        training(server.url, run_id) as first,
        training(server.url, run_id, secret=first.secret) as second,
    ):
        assert close_code(first) == 4409
        post(server.url, "pause", run_id)
        assert second.command() == ("paused", 1)


@pytest.mark.parametrize("secret", ["", "guessed"])
def test_another_program_neither_displaces_the_loop_nor_acknowledges_a_pause(
    server: Server, secret: str
) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        post(server.url, "pause", run_id)
        assert loop.command() == ("paused", 1)
        with raw_loop(server.url, run_id, secret=secret) as other:
            other.report("paused", 1, step=999)
            assert close_code(other) == 4423
            assert other.connection.close_reason is not None
            assert "Another program holds" in other.connection.close_reason
        assert outcomes(server.url, run_id) == [("pause", "pending")]
        loop.report_acknowledged("paused", 1, step=4)
        assert outcomes(server.url, run_id) == [("pause", "done")]
    assert answer(post(server.url, "pause", run_id))["step"] == 4


def test_of_many_programs_at_once_one_gets_the_link(server: Server) -> None:
    run_id = new_run(server.url)
    refused: list[int] = []
    holders: list[RawLoop] = []
    is_over = threading.Event()

    def come() -> None:
        with raw_loop(server.url, run_id) as loop:
            try:
                loop.command()
            except ConnectionClosed:
                refused.append(close_code(loop))
            else:
                holders.append(loop)
                is_over.wait(DEADLINE_S)

    threads = [threading.Thread(target=come) for _ in range(6)]
    for thread in threads:
        thread.start()
    until(lambda: len(refused) == 5, "all but one are refused")
    post(server.url, "pause", run_id)
    [holder] = holders
    assert holder.command() == ("paused", 1)
    is_over.set()
    for thread in threads:
        thread.join(DEADLINE_S)
    assert set(refused) == {4423}


@contextmanager
def taken_over(url: str, run_id: str) -> Iterator[RawLoop]:
    """The link of another program; a server that has just started waits for the first one's return."""

    def opened() -> ExitStack | None:
        with ExitStack() as stack:
            loop = stack.enter_context(raw_loop(url, run_id))
            try:
                loop.command()
            except ConnectionClosed:
                assert loop.connection.close_code == 4423
                return None
            loops.append(loop)
            return stack.pop_all()
        return None

    loops: list[RawLoop] = []
    with until(opened, "the link is free"):
        yield loops[-1]


def test_a_program_that_was_killed_is_replaced_once_it_counts_as_dead(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as killed:
        # Nothing of a killed program says that it has finished.
        killed.connection.socket.shutdown(SHUT_RDWR)
    with raw_loop(server.url, run_id) as early:
        assert close_code(early) == 4423
    pass_time(server, run_id, 60_000)
    with taken_over(server.url, run_id) as next_one:
        assert next_one.secret not in ("", killed.secret)
        [takeover] = audit(server.url, run_id)
        assert (takeover["action"], takeover["outcome"]) == ("takeover", "done")
        assert takeover["source"] == "127.0.0.1"
        assert "had reported nothing for" in takeover["message"]
        assert tags(server.url, run_id)[1] == takeover["message"]
    with raw_loop(server.url, run_id, secret=killed.secret) as late:
        assert late.command() == ("running", 0), "the other one has finished in order"


def test_a_program_whose_link_was_taken_over_is_told_so_at_its_next_report(
    server: Server,
) -> None:
    run_id = new_run(server.url)
    with TcpProxy(server.port) as proxy, training(proxy.url, run_id) as frozen:
        pass_time(server, run_id, 60_000)
        with taken_over(server.url, run_id):
            assert close_code(frozen) == 4409


def test_the_secret_is_stored_as_a_digest_and_shown_nowhere(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        database = (server.data_dir / "mlflow.db").read_bytes()
        shown = httpx.get(f"{server.url}/api/runs", params={"limit": 1000}).text
        assert len(loop.secret) > 40
        for text in (database.decode("latin-1"), shown, server.log.read_text()):
            assert loop.secret not in text


@pytest.mark.parametrize("step", [-1, 3, 2**53 + 1])
def test_a_step_that_cannot_be_true_is_refused_and_the_link_stays_open(
    server: Server, step: int
) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        post(server.url, "pause", run_id)
        loop.command()
        loop.report_acknowledged("paused", 1, step=9)
        loop.report("paused", 1, step=step)
        assert "A report was expected" in loop.receive()["error"]
        loop.report_acknowledged("paused", 1, step=9)
    assert answer(post(server.url, "pause", run_id))["step"] == 9


def test_a_program_that_continues_from_a_checkpoint_reports_earlier_steps(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        loop.report_acknowledged("training", 0, step=90)
    with training(server.url, run_id) as again:
        again.report_acknowledged("training", 0, step=60)
    assert answer(post(server.url, "resume", run_id))["step"] == 60


@pytest.mark.parametrize("run_id", ["0" * 32, "nothing", "%00", "x" * 2000])
def test_an_unknown_run_has_no_link(server: Server, run_id: str) -> None:
    with raw_loop(server.url, run_id) as loop:
        assert close_code(loop) == 4404


@pytest.mark.parametrize("status", ["FINISHED", "KILLED", "FAILED"])
def test_a_run_that_has_ended_has_no_link(server: Server, status: str) -> None:
    run_id = new_run(server.url)
    MlflowClient(server.url).set_terminated(run_id, status)
    with raw_loop(server.url, run_id) as loop:
        assert close_code(loop) == 4409


def test_a_restarted_run_has_a_link_and_trains(server: Server) -> None:
    run_id = new_run(server.url)
    client = MlflowClient(server.url)
    with training(server.url, run_id) as loop:
        post(server.url, "stop", run_id)
        loop.command()
        loop.report_acknowledged("stopped", 1)
    until_status(server.url, run_id, "stopped")
    client.update_run(run_id, status="RUNNING")
    with raw_loop(server.url, run_id) as loop:
        assert loop.command() == ("running", 1)
        loop.report_acknowledged("training", 1)
        until_status(server.url, run_id, "training")
        post(server.url, "pause", run_id)
        assert loop.command() == ("paused", 2)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": "https://elsewhere.example"}, 4403),
        ({"Host": "elsewhere.example"}, 4403),
        ({"X-MLFLOW-WORKSPACE": "radiology"}, 4422),
    ],
)
def test_a_refused_connection_gets_a_close_code(
    server: Server, headers: dict[str, str], code: int
) -> None:
    address = link_url(server.url, new_run(server.url))
    with connect(address, compression=None, additional_headers=headers) as connection:
        assert close_code(RawLoop(connection)) == code


def test_printed_lines_are_kept_and_read_like_those_of_a_job(server: Server) -> None:
    run_id, other = new_run(server.url), new_run(server.url)
    path = f"{server.url}/api/training/{{}}/logs"
    with raw_loop(server.url, run_id) as loop:
        assert loop.receive()["takes_console"] is True
        loop.connection.send(json.dumps({"console": ["ERROR <b>", "\x1b[31m50 %"], "dropped": 2}))
        # The server has read the lines once it answers what follows them.
        loop.report_acknowledged("training", 0, step=1)
    lines = httpx.get(path.format(run_id)).raise_for_status().json()
    assert [(line["level"], line["message"]) for line in lines] == [
        ("info", "… 2 lines are missing here: too many at once, or the connection was lost"),
        ("error", "ERROR <b>"),
        ("info", "50 %"),
    ]
    assert httpx.get(path.format(other)).status_code == 404
    assert httpx.get(path.format("..%2fserver")).status_code == 404


def test_lines_that_are_dropped_last_are_told_once_the_link_has_ended(server: Server) -> None:
    run_id = new_run(server.url)
    with raw_loop(server.url, run_id) as loop:
        loop.receive()
        loop.connection.send(json.dumps({"console": ["line"] * 3000}))
        loop.report_acknowledged("training", 0, step=1)
    path = f"{server.url}/api/training/{run_id}/logs"
    until(
        lambda: "lines are missing here" in httpx.get(path).json()[-1]["message"],
        "the number of the lines that were dropped last",
    )
