"""Commands over REST: their responses, and what MLflow, the sockets and the audit show of them."""

import json
import random
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from mlflow import MlflowClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.api.control.loops import (
    ACKNOWLEDGING,
    DEADLINE_S,
    RawLoop,
    answer,
    audit,
    mlflow_status,
    new_run,
    outcomes,
    post,
    posting,
    shown_status,
    tags,
    training,
    until_status,
)
from tests.servers import Server
from tests.waiting import until

NUM_COMMANDS = 40


def test_pause_and_resume_respond_when_the_run_has_acknowledged(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        with posting(server.url, "pause", run_id) as posted:
            assert loop.command() == ("paused", 1)
            loop.report("paused", 1, step=4)
            paused = answer(posted.result())
        assert paused == {
            "status": "success",
            "message": "The run is paused after step 4 and keeps its accelerators",
            "training_status": "paused",
            "run_id": run_id,
            "acknowledged": True,
            "released": False,
            "step": 4,
        }
        with posting(server.url, "resume", run_id) as posted:
            assert loop.command() == ("running", 2)
            loop.report("training", 2, step=5)
            resumed = answer(posted.result())
        assert (resumed["acknowledged"], resumed["training_status"]) == (True, "training")
    assert outcomes(server.url, run_id) == [("pause", "done"), ("resume", "done")]


def test_a_stop_responds_when_the_run_begins_to_stop_and_the_run_ends_killed(
    server: Server,
) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        with posting(server.url, "stop", run_id) as posted:
            assert loop.command() == ("stopped", 1)
            loop.report("stopping", 1, step=8)
            stopping = answer(posted.result())
        assert (stopping["acknowledged"], stopping["training_status"]) == (True, "stopping")
        MlflowClient(server.url).set_terminated(run_id, "KILLED")
    until_status(server.url, run_id, "stopped")
    again = answer(post(server.url, "stop", run_id))
    assert (again["status"], again["acknowledged"]) == ("success", True)
    assert again["training_status"] == "stopped"


def test_the_response_says_that_the_run_has_not_acknowledged_in_time(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        answered = answer(post(server.url, "pause", run_id, timeout_s=0.1))
        assert (answered["acknowledged"], answered["training_status"]) == (False, "pausing")
        assert "has not acknowledged the command to pause yet" in answered["message"]
        loop.report("paused", 0)
        loop.report_acknowledged("training", 0)
        assert outcomes(server.url, run_id) == [("pause", "pending")]
        assert tags(server.url, run_id)[0] == "pausing"


def test_a_pause_that_the_run_refuses_is_an_error_that_says_why(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        with posting(server.url, "pause", run_id) as posted:
            loop.command()
            loop.report("training", 1, message="The disk is full")
            refused = answer(posted.result())
        assert (refused["status"], refused["acknowledged"]) == ("error", False)
        assert (refused["message"], refused["training_status"]) == ("The disk is full", "training")
        assert loop.command() == ("running", 1)
    assert tags(server.url, run_id) == ("training", "The disk is full")
    assert outcomes(server.url, run_id) == [("pause", "failed")]


def test_a_superseded_command_is_an_error_that_says_so(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id), posting(server.url, "pause", run_id) as posted:
        until(lambda: outcomes(server.url, run_id) == [("pause", "pending")], "the pause is taken")
        post(server.url, "stop", run_id)
        overtaken = answer(posted.result())
    assert (overtaken["status"], overtaken["acknowledged"]) == ("error", False)
    assert "the run is to be stopped now" in overtaken["message"]
    assert outcomes(server.url, run_id) == [("pause", "superseded"), ("stop", "pending")]


def test_a_run_that_ends_before_it_pauses_has_not_paused(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop, posting(server.url, "pause", run_id) as posted:
        loop.command()
        MlflowClient(server.url).set_terminated(run_id, "FINISHED")
        late = answer(posted.result())
    assert (late["status"], late["acknowledged"]) == ("error", False)
    assert (late["message"], late["training_status"]) == ("The run is completed", "completed")


@pytest.mark.parametrize("action", ["pause", "stop"])
def test_repeating_a_command_changes_nothing(server: Server, action: str) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        for _ in range(3):
            answer(post(server.url, action, run_id))
        assert loop.command()[1] == 1
        assert loop.report_acknowledged("training", 0)["command_id"] == 1
    assert [line["outcome"] for line in audit(server.url, run_id)] == ["pending"] * 3


def test_a_resume_of_a_run_that_trains_is_done_at_once(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id):
        done = answer(post(server.url, "resume", run_id, timeout_s=DEADLINE_S))
    assert (done["status"], done["acknowledged"]) == ("success", True)


@pytest.mark.parametrize("run_id", ["0" * 32, "nothing", "\0", "x" * 500])
@pytest.mark.parametrize("action", ["pause", "resume", "stop"])
def test_an_unknown_run_is_not_found(server: Server, run_id: str, action: str) -> None:
    assert post(server.url, action, run_id).status_code == 404


def test_the_commands_of_an_unknown_run_are_not_found(server: Server) -> None:
    for run_id in ("0" * 32, "nothing", "%00"):
        response = httpx.get(f"{server.url}/api/training/{run_id}/commands")
        assert (response.status_code, response.json()["error_code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("mlflow_word", "word"), [("FINISHED", "completed"), ("KILLED", "stopped"), ("FAILED", "error")]
)
def test_a_run_that_has_ended_conflicts_and_its_status_is_named(
    server: Server, mlflow_word: str, word: str
) -> None:
    run_id = new_run(server.url)
    MlflowClient(server.url).set_terminated(run_id, mlflow_word)
    response = post(server.url, "pause", run_id)
    assert (response.status_code, response.json()["error_code"]) == (409, "CONFLICT")
    assert response.json()["error"] == f"The run is {word}: it cannot be told to pause"
    (line,) = audit(server.url, run_id)
    assert (line["outcome"], line["message"]) == ("refused", response.json()["error"])
    assert (line["who"], line["source"]) == ("anonymous", "127.0.0.1")


@pytest.mark.parametrize("action", ["pause", "resume", "stop"])
def test_a_run_without_a_link_cannot_be_commanded(server: Server, action: str) -> None:
    run_id = new_run(server.url)
    response = post(server.url, action, run_id)
    assert response.status_code == 409
    assert (
        "listens for commands: add tracking_plugin.control.RunControl" in response.json()["error"]
    )
    assert tags(server.url, run_id) == (None, None)
    assert outcomes(server.url, run_id) == [(action, "refused")]


def test_a_run_that_is_no_job_of_the_server_cannot_be_released(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id) as loop:
        response = post(server.url, "pause", run_id, release=True)
        assert response.status_code == 409
        assert "pause it without release" in response.json()["error"]
        assert loop.report_acknowledged("training", 0)["desired"] == "running"


@pytest.mark.parametrize(
    "asked",
    [
        {"timeout_s": -1},
        {"timeout_s": 601},
        {"timeout_s": "soon"},
        {"release": "perhaps"},
        {"x": 1},
    ],
)
def test_a_bad_request_names_the_field_and_commands_nothing(
    server: Server, asked: dict[str, object]
) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id):
        response = post(server.url, "pause", run_id, **asked)
    assert response.status_code == 422
    assert next(iter(asked)) in response.json()["details"]
    assert audit(server.url, run_id) == []


def test_the_sockets_and_mlflow_show_each_change(server: Server) -> None:
    run_id = new_run(server.url)
    live = f"{server.url.replace('http', 'ws', 1)}/ws?run_id={run_id}"
    with training(server.url, run_id) as loop, connect(live, compression=None) as watching:
        assert json.loads(watching.recv(DEADLINE_S))["type"] == "initial_state"
        for action, observed in (("pause", "paused"), ("resume", "training"), ("stop", "stopped")):
            post(server.url, action, run_id)
            _, command_id = loop.command()
            loop.report_acknowledged(observed, command_id, message=f"It has {observed}")
            assert tags(server.url, run_id) == (observed, f"It has {observed}")
        words: list[tuple[str, str]] = []
        while (
            not words or words[-1][0] != "stopped" or mlflow_status(server.url, run_id) != "KILLED"
        ):
            message = json.loads(watching.recv(DEADLINE_S))
            if message["type"] == "status_update":
                words.append((message["status"]["status"], message["status"]["message"]))
    assert list(dict.fromkeys(words)) == [
        ("pausing", ""),
        ("paused", "It has paused"),
        ("resuming", ""),
        ("training", "It has training"),
        ("stopping", ""),
        ("stopping", "It has stopped"),
        ("stopped", "It has stopped"),
    ]


def test_an_outdated_status_tag_does_not_hide_a_command(server: Server) -> None:
    run_id = new_run(server.url)
    with training(server.url, run_id):
        post(server.url, "pause", run_id)
        MlflowClient(server.url).set_tag(run_id, "fovea.status", "training")
        until_status(server.url, run_id, "pausing")


def test_commands_given_at_once_end_in_one_consistent_state(server: Server) -> None:
    run_id = new_run(server.url)
    dice = random.Random(7)
    actions = [dice.choice(["pause", "resume"]) for _ in range(NUM_COMMANDS)]
    with training(server.url, run_id) as loop, ThreadPoolExecutor(1) as thread:
        ids = thread.submit(acknowledge_all, loop)
        with ThreadPoolExecutor(8) as people:
            posts = [
                people.submit(post, server.url, action, run_id, timeout_s=DEADLINE_S)
                for action in actions
            ]
        answers = [answer(posted.result()) for posted in posts]
        assert {each["training_status"] for each in answers} <= {
            "training", "pausing", "paused", "resuming",
        }  # fmt: skip
        stopped = answer(post(server.url, "stop", run_id, timeout_s=DEADLINE_S))
        assert stopped["acknowledged"]
        assert ids.result(DEADLINE_S) == sorted(ids.result())
    until(lambda: mlflow_status(server.url, run_id) == "KILLED", "the run is ended")
    until(lambda: tags(server.url, run_id)[0] == "stopped", "MLflow says so")
    assert shown_status(server.url, run_id) == "stopped"
    entries = outcomes(server.url, run_id)
    assert sorted(action for action, _ in entries) == sorted([*actions, "stop"])
    assert {outcome for _, outcome in entries} <= {"done", "superseded"}
    assert entries[-1] == ("stop", "done")


def test_after_many_commands_at_once_mlflow_shows_the_stored_state(server: Server) -> None:
    """Nothing acknowledges the commands, so that all statuses are written at the same time."""
    run_id = new_run(server.url)
    actions = ["pause", "resume"] * (NUM_COMMANDS // 2)
    with training(server.url, run_id), ThreadPoolExecutor(8) as people:
        list(people.map(lambda action: post(server.url, action, run_id), actions))
        last = answer(post(server.url, "resume", run_id))["training_status"]
        assert last == "resuming"
        assert tags(server.url, run_id)[0] == shown_status(server.url, run_id) == last


def acknowledge_all(loop: RawLoop) -> list[int]:
    """The ids of the commands in the order of their arrival, until the last one, a stop, is acknowledged."""
    ids: list[int] = []
    try:
        while True:
            desired, command_id = loop.command()
            ids.append(command_id)
            loop.report(ACKNOWLEDGING[desired], command_id)
            if desired == "stopped":
                loop.report_acknowledged("stopped", command_id)
                return ids
    except ConnectionClosed as closed:
        raise AssertionError(ids) from closed
