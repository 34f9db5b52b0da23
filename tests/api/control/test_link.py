"""The control link of a real server, used without a client library."""

import json
import threading

import pytest
from mlflow import MlflowClient
from websockets.sync.client import connect

from tests.api.control.loops import (
    DEADLINE_S,
    RawLoop,
    answer,
    close_code,
    link_url,
    mlflow_status,
    new_run,
    post,
    raw_loop,
    tags,
    training,
    until_status,
)
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


def test_a_second_link_of_the_same_run_replaces_the_first(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as first, training(server.url, run_id) as second:
        assert close_code(first) == 4409
        post(server.url, "pause", run_id)
        assert second.command() == ("paused", 1)


def test_many_links_of_the_same_run_at_once_leave_one(server: Server) -> None:
    run_id = new_run(server.url)
    codes: list[int] = []

    def come() -> None:
        with raw_loop(server.url, run_id) as loop:
            codes.append(close_code(loop))

    threads = [threading.Thread(target=come) for _ in range(6)]
    for thread in threads:
        thread.start()
    until(lambda: len(codes) == 5, "all but one are closed")
    with training(server.url, run_id) as last:
        until(lambda: len(codes) == 6, "the last one is the newest")
        post(server.url, "pause", run_id)
        assert last.command() == ("paused", 1)
    for thread in threads:
        thread.join(DEADLINE_S)
    assert set(codes) == {4409}


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
