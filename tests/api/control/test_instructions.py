"""One-time commands over REST and the control link: stored, taken once, answered, audited, shown live."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from socket import SHUT_RDWR
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient
from websockets.sync.client import ClientConnection, connect

from api.control.instructions import LOST_MESSAGE
from tests.api.control.instructions import (
    instructed_loop,
    listed,
    send,
    sent,
    statuses,
    understood,
)
from tests.api.control.loops import DEADLINE_S, audit, new_run, post, training
from tests.servers import Server
from tests.waiting import until
from tracking_plugin.control_messages import MAX_OPEN_INSTRUCTIONS


def test_a_command_is_stored_taken_and_answered_with_its_step(server: Server) -> None:
    run_id = new_run(server.url)
    with instructed_loop(server.url, run_id) as loop:
        stored = sent(send(server.url, run_id, "skip_trial", arguments={"trial": 4}))
        number = stored["id"]
        assert (stored["status"], stored["run_id"]) == ("pending", run_id)
        assert stored["message"] == "Stored: the run will take the command between two of its steps"
        listing = {"id": number, "name": "skip_trial", "arguments": {"trial": 4}}
        assert loop.open() == [listing]
        assert loop.take(number) == [{**listing, "taken": True}]
        assert statuses(server.url, run_id) == ["taken"]
        assert loop.answer(number, step=17, message="Trial 4 is\nskipped\0") == []
    [entry] = listed(server.url, run_id)
    assert (entry["status"], entry["step"], entry["message"]) == (
        "done",
        17,
        "Trial 4 is skipped",
    )
    assert entry["timestamp"] <= entry["taken_at"] <= entry["answered_at"]
    [recorded] = audit(server.url, run_id)
    shown = ("action", "name", "arguments", "step", "who", "source", "outcome", "message")
    assert tuple(recorded[name] for name in shown) == (
        *("instruct", "skip_trial", {"trial": 4}, 17),
        *("anonymous", "127.0.0.1", "done", "Trial 4 is skipped"),
    )


def test_the_response_waits_for_the_answer_which_may_be_a_refusal(server: Server) -> None:
    run_id = new_run(server.url)
    with instructed_loop(server.url, run_id) as loop, ThreadPoolExecutor(1) as people:
        waiting = people.submit(send, server.url, run_id, "skip_trial", **waiting_for({"trial": 9}))
        [instruction] = loop.open()
        loop.take(instruction["id"])
        loop.answer(instruction["id"], "refused", step=5, message="There is no trial 9")
        refused = sent(waiting.result())
    assert (refused["status"], refused["message"]) == ("refused", "There is no trial 9")


def waiting_for(arguments: dict[str, object]) -> dict[str, Any]:
    return {"arguments": arguments, "wait_s": DEADLINE_S}


def test_the_response_says_that_the_run_has_not_answered_in_time(server: Server) -> None:
    run_id = new_run(server.url)
    with instructed_loop(server.url, run_id) as loop:
        [number] = [sent(send(server.url, run_id, wait_s=0.1))["id"]]
        loop.open()
        loop.take(number)
        second = sent(send(server.url, run_id, wait_s=0.1))
        assert (second["status"], statuses(server.url, run_id)) == ("pending", ["taken", "pending"])


@contextmanager
def watching(url: str, run_id: str) -> Iterator[ClientConnection]:
    address = f"{url.replace('http', 'ws', 1)}/ws?run_id={run_id}"
    with connect(address, compression=None) as socket:
        assert json.loads(socket.recv(DEADLINE_S))["type"] == "initial_state"
        yield socket


def next_command(socket: ClientConnection) -> dict[str, Any]:
    while (message := json.loads(socket.recv(DEADLINE_S)))["type"] != "command":
        pass
    command: dict[str, Any] = message["command"]
    return command


def test_each_stage_of_a_command_is_on_the_live_socket(server: Server) -> None:
    run_id = new_run(server.url)
    with instructed_loop(server.url, run_id) as loop, watching(server.url, run_id) as socket:
        number = sent(send(server.url, run_id, arguments={"count": 2}))["id"]
        assert next_command(socket)["status"] == "pending"
        loop.open()
        loop.take(number)
        assert next_command(socket)["status"] == "taken"
        loop.answer(number, step=8)
        assert next_command(socket) == listed(server.url, run_id)[0]
        assert send(server.url, run_id, "dance").status_code == 409
        assert next_command(socket)["status"] == "refused"


def test_a_name_that_the_run_does_not_understand_conflicts_and_is_recorded(server: Server) -> None:
    run_id = new_run(server.url)
    with instructed_loop(server.url, run_id, names=["sample_now", "rest"]) as loop:
        response = send(server.url, run_id, "dance")
        assert (response.status_code, response.json()["error_code"]) == (409, "CONFLICT")
        error = response.json()["error"]
        assert error == "The run understands sample_now, rest, and not dance"
        loop.report(number=5)
        assert loop.loop.receive()["heard"] == 5, "the run was sent nothing"
        taken = {"names": ["sample_now", "rest"], "reason": ""}
        assert understood(server.url, run_id) == taken
    [entry] = listed(server.url, run_id)
    assert (entry["status"], entry["message"], entry["name"]) == ("refused", error, "dance")


@pytest.mark.parametrize(
    "name", ["", "Sample", "sample now", "a" * 65, "../x", "é", "a\n", "\0", 7]
)
def test_a_hostile_name_is_refused(server: Server, name: object) -> None:
    run_id = new_run(server.url)
    response = send(server.url, run_id, name)  # type: ignore[arg-type] # clients may send anything
    assert (response.status_code, response.json()["error_code"]) == (422, "VALIDATION_ERROR")
    assert listed(server.url, run_id) == []


@pytest.mark.parametrize(
    ("name", "arguments", "field"),
    [
        ("skip_trial", {}, "trial"),
        ("skip_trial", {"trial": "4"}, "trial"),
        ("skip_trial", {"trial": True}, "trial"),
        ("skip_trial", {"trial": 1.5}, "trial"),
        ("skip_trial", {"trial": -1}, "trial"),
        ("skip_trial", {"trial": 4, "now": True}, "now"),
        ("extend_budget", {"seconds": 0}, "seconds"),
        ("extend_budget", {"seconds": 1e300}, "seconds"),
        ("extend_budget", {"seconds": None}, "seconds"),
        ("sample_now", {"count": [1]}, "count"),
        ("sample_now", {"count": {"a": 1}}, "count"),
        ("sample_now", {"count": 2**53 + 1}, "count"),
        ("sample_now", {"Count": 1}, "Count"),
        ("sample_now", {"a": "x" * 1001}, "arguments"),
        ("sample_now", {f"a{number}": 1 for number in range(17)}, "arguments"),
        ("sample_now", {f"a{number}": "é" * 300 for number in range(10)}, "4096 bytes"),
        ("sample_now", ["count"], "arguments"),
    ],
)
def test_malformed_arguments_are_refused_and_named(
    server: Server, name: str, arguments: object, field: str
) -> None:
    run_id = new_run(server.url)
    response = send(server.url, run_id, name, arguments=arguments)
    assert (response.status_code, response.json()["error_code"]) == (422, "VALIDATION_ERROR")
    assert field in response.text
    assert listed(server.url, run_id) == []


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "sample_now", "arguments": {"a": NaN}}',
        '{"name": "sample_now", "arguments": {"a": 1e999}}',
        '{"name": "sample_now", "arguments": {"a": "\\ud800"}}',
        '{"name": "sample_now", "arguments": ' + '{"a":' * 3000,
        '{"name": "sample_now", "wait_s": -1}',
        '{"name": "sample_now", "wait_s": 601}',
        '{"name": "sample_now", "who": "root"}',
        "null",
        "{",
    ],
)
def test_a_malformed_body_is_refused(server: Server, body: str) -> None:
    path = f"{server.url}/api/v1/runs/{new_run(server.url)}/commands"
    response = httpx.post(path, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422), response.text


def test_an_unknown_run_is_not_found(server: Server) -> None:
    for run_id in ("0" * 32, "nothing", "%00"):
        assert send(server.url, run_id).status_code == 404
        path = f"{server.url}/api/v1/runs/{run_id}/commands"
        assert httpx.get(path).status_code == 404
        assert httpx.get(f"{path}/understood").status_code == 404


def test_a_run_that_says_nothing_of_commands_is_sent_none(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        response = send(server.url, run_id)
        assert response.status_code == 409
        error = response.json()["error"]
        assert "understands no one-time command" in error
        assert understood(server.url, run_id) == {"names": [], "reason": error}
        assert "instructions" not in loop.report_acknowledged("training", 0)


def test_a_run_that_has_ended_or_is_stopping_conflicts(server: Server) -> None:
    run_id = new_run(server.url)
    with instructed_loop(server.url, run_id):
        post(server.url, "stop", run_id)
        reason = "The run is stopping: it takes no commands any more"
        assert send(server.url, run_id).json()["error"] == reason
        assert understood(server.url, run_id) == {"names": [], "reason": reason}
        MlflowClient(server.url).set_terminated(run_id, "KILLED")
        assert send(server.url, run_id).status_code == 409


def test_one_hundred_commands_may_be_open_and_each_is_answered(server: Server) -> None:
    run_id = new_run(server.url)
    longest = {f"a{number}": "\1" * 150 for number in range(4)}
    with instructed_loop(server.url, run_id) as loop:
        with ThreadPoolExecutor(4) as people:
            posted = list(
                people.map(
                    lambda _: send(server.url, run_id, arguments=longest).status_code,
                    range(MAX_OPEN_INSTRUCTIONS + 4),
                )
            )
        assert sorted(posted) == [201] * MAX_OPEN_INSTRUCTIONS + [409] * 4
        assert "has not answered yet" in send(server.url, run_id).json()["error"]
        while len(instructions := loop.open()) < MAX_OPEN_INSTRUCTIONS:
            pass
        ids = [each["id"] for each in instructions]
        assert ids == sorted(ids)
        assert all(each["taken"] for each in loop.take(*ids))
        loop.report(answers=[{"id": number, "result": "done"} for number in ids[:50]])
        assert [each["id"] for each in loop.open()] == ids[50:]
        assert sent(send(server.url, run_id))["status"] == "pending"
    assert statuses(server.url, run_id).count("done") == 50


def test_a_command_that_is_answered_twice_keeps_its_first_answer(server: Server) -> None:
    run_id = new_run(server.url)
    with instructed_loop(server.url, run_id) as loop:
        number = sent(send(server.url, run_id))["id"]
        loop.open()
        loop.take(number)
        assert loop.answer(number, step=4) == []
        assert loop.answer(number, "refused", step=9) == [], "also this answer is settled"
    [entry] = listed(server.url, run_id)
    assert (entry["status"], entry["step"]) == ("done", 4)


def test_a_run_can_neither_take_nor_answer_the_commands_of_another(server: Server) -> None:
    run_id, other_id = new_run(server.url), new_run(server.url)
    with instructed_loop(server.url, run_id), instructed_loop(server.url, other_id) as other:
        number = sent(send(server.url, run_id))["id"]
        assert other.take(number, 2**53) == []
        assert other.answer(number) == []
        assert statuses(server.url, run_id) == ["pending"]


def test_a_program_that_reconnects_finds_its_commands_as_it_left_them(server: Server) -> None:
    run_id = new_run(server.url)
    with instructed_loop(server.url, run_id) as loop:
        taken = sent(send(server.url, run_id))["id"]
        loop.open()
        loop.take(taken)
        loop.loop.connection.socket.shutdown(SHUT_RDWR)
    pending = sent(send(server.url, run_id))["id"]
    with instructed_loop(server.url, run_id, secret=loop.loop.secret) as again:
        assert [(each["id"], each.get("taken", False)) for each in again.first] == [
            (taken, True),
            (pending, False),
        ]
        again.answer(taken, step=6)
    assert statuses(server.url, run_id) == ["done", "pending"]


def test_what_a_killed_program_has_taken_is_lost_and_the_rest_goes_to_the_next(
    server: Server,
) -> None:
    run_id = new_run(server.url)
    with instructed_loop(server.url, run_id) as killed:
        taken = sent(send(server.url, run_id))["id"]
        killed.open()
        killed.take(taken)
        sent(send(server.url, run_id, "extend_budget", arguments={"seconds": 9}))
        kept = sent(send(server.url, run_id, arguments={"count": 3}))["id"]
        killed.loop.connection.socket.shutdown(SHUT_RDWR)
    names = ["sample_now"]
    with instructed_loop(
        server.url, run_id, program="two", names=names, secret=killed.loop.secret
    ) as heir:
        assert heir.first == [{"id": kept, "name": "sample_now", "arguments": {"count": 3}}]
        assert heir.answer(taken, step=5) == heir.first, "another program has taken it"
        heir.take(kept)
        heir.answer(kept)
    assert [(entry["status"], entry["message"]) for entry in listed(server.url, run_id)] == [
        ("failed", LOST_MESSAGE),
        ("failed", "The run understands sample_now"),
        ("done", ""),
    ]


def test_a_program_that_ends_in_order_leaves_nothing_open(server: Server) -> None:
    run_id = new_run(server.url)
    with instructed_loop(server.url, run_id) as loop:
        sent(send(server.url, run_id))
        loop.loop.report_acknowledged("detached", 0)
        assert send(server.url, run_id).status_code == 409
    [entry, _] = listed(server.url, run_id)
    assert (entry["status"], entry["message"]) == (
        "failed",
        "The training loop has ended, and takes no commands any more",
    )


def test_an_answer_that_comes_after_the_run_s_end_counts(server: Server) -> None:
    run_id = new_run(server.url)
    with instructed_loop(server.url, run_id) as loop:
        taken = sent(send(server.url, run_id))["id"]
        loop.open()
        loop.take(taken)
        pending = sent(send(server.url, run_id))["id"]
        MlflowClient(server.url).set_terminated(run_id, "FINISHED")
        until(lambda: statuses(server.url, run_id) == ["failed", "failed"], "the run's end")
        messages = [entry["message"] for entry in listed(server.url, run_id)]
        assert messages == [LOST_MESSAGE, "The run is completed"]
        loop.report(
            answers=[{"id": number, "result": "done", "step": 8} for number in (taken, pending)]
        )
        until(lambda: statuses(server.url, run_id) == ["done", "failed"], "the late answer")


@pytest.mark.parametrize(
    "fields",
    [
        {"understands": "sample_now"},
        {"understands": ["Sample now"]},
        {"understands": ["pause"]},
        {"understands": [f"name_{number}" for number in range(33)]},
        {"understands": [], "program": "a b"},
        {"understands": [], "program": "x" * 65},
        {"taken": [-1]},
        {"taken": [1.5]},
        {"taken": list(range(101))},
        {"answers": [{"id": 1}]},
        {"answers": [{"id": 1, "result": "perhaps"}]},
        {"answers": [{"id": 1, "result": "done", "step": -1}]},
        {"answers": [{"id": -1, "result": "done"}]},
    ],
)
def test_a_malformed_report_of_commands_is_answered_and_the_link_stays_open(
    server: Server, fields: dict[str, object]
) -> None:
    with training(server.url, new_run(server.url)) as loop:
        loop.report("training", **fields)
        assert "A report was expected" in loop.receive()["error"]
        assert loop.report_acknowledged("training", 0)["desired"] == "running"
