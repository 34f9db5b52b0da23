"""`fovea status`: a table in a terminal, lines in a pipe, JSON as the API answers it."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from rich.console import Console
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection

from api.cli.run_choice import RunChoiceError, resolve_run
from api.cli.status_command import MAX_RUNS, NUM_RUNS, run_lines, show_run, show_runs
from api.client import FoveaClient
from api.errors import ApiError
from api.runs.schemas import RunSummary
from tests.api.client.fake_stream import RUN_ID, TIMESTAMP, FakeStream, serving, status

OTHER_ID = "01234567" + "f" * 24


def summary(run_id: str, **changes: object) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "run_name": "small",
        "experiment_id": "1",
        "experiment_name": "retina",
        "status": "training",
        "mlflow_status": "RUNNING",
        "message": "",
        "start_time": TIMESTAMP,
        "end_time": None,
        "elapsed_time": 5.0,
        "epoch": 2,
        "total_epochs": 8,
        "step": 120,
        "alert": None,
        "recipe": None,
        "loss": {"train": 0.5, "val": 0.25},
        "accuracy": {"train": 0.75, "val": None},
        "auc_roc": {},
        "f1_score": None,
        "not_finite": {},
        **changes,
    }


ACTIVE = summary(RUN_ID, alert="critical")
ENDED = summary(
    OTHER_ID,
    run_name="\x1b[2J[red]an older run with a long name",
    status="error",
    mlflow_status="FAILED",
    epoch=None,
    step=None,
    loss={},
    not_finite={"val/loss": "NaN"},
)


@pytest.fixture
def fake() -> Iterator[FakeStream]:
    answers = {
        "/api/runs?status=RUNNING": [ACTIVE],
        "/api/runs?status=SCHEDULED": [],
        "/api/runs": [ENDED, ACTIVE],
        f"/api/metrics/latest?run_id={RUN_ID}": {"run_id": RUN_ID},
    }
    with serving(FakeStream(answers=answers)) as fake:
        yield fake


@pytest.fixture
def client(fake: FakeStream) -> Iterator[FoveaClient]:
    with FoveaClient(fake.url) as client:
        yield client


def a_terminal(width: int = 80) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=24, _environ={})


def a_pipe() -> Console:
    return Console(file=io.StringIO(), force_terminal=False)


def output(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_active_runs_come_first_and_each_run_once(client: FoveaClient) -> None:
    console = a_terminal(110)

    show_runs(client, console, as_json=False)

    heading, first, second = without_colours(output(console)).splitlines()
    assert heading.split()[:3] == ["status", "run", "id"]
    words = first.split()
    assert words[:8] == ["●", "training", "small", "01234567", "2/8", "120", "0.25", "0.75"]
    assert "! critical" in first
    assert second.startswith("✗ error")
    assert "[2J[red]an older run with a long name" in second
    assert "NaN" in second


def test_every_column_fits_into_eighty_columns(client: FoveaClient) -> None:
    console = a_terminal()

    show_runs(client, console, as_json=False)

    _, first, second = without_colours(output(console)).splitlines()
    assert first.split()[-1] == second.split()[-1] == "ago"
    assert "! critical" in first
    assert "[2J[red]an older …" in second


def test_a_pipe_gets_a_line_for_each_run(client: FoveaClient) -> None:
    console = a_pipe()

    show_runs(client, console, as_json=False)

    first, second = output(console).splitlines()
    assert first.split("\t") == [
        *(RUN_ID, "training", "2/8", "120", "0.25", "0.75", "critical", TIMESTAMP, "small")
    ]
    assert second.split("\t")[4] == "NaN"
    assert second.split("\t")[-1] == "[2J[red]an older run with a long name"


@pytest.mark.parametrize(
    ("headlines", "cells"),
    [
        (
            [("eval_loss", 0.125, None, "loss"), ("eval_acc", 0.5, None, "accuracy")],
            ["0.125", "0.5"],
        ),
        ([("loss", None, "NaN", "loss")], ["NaN", "-"]),
    ],
)
def test_a_run_of_another_program_has_its_loss_and_accuracy(
    headlines: list[tuple[str, float | None, str | None, str]], cells: list[str]
) -> None:
    values = [
        {
            "name": name,
            "value": value,
            "not_finite": word,
            "role": role,
            "split": "val",
            "direction": "lower",
        }
        for name, value, word, role in headlines
    ]
    run = RunSummary.model_validate(summary(RUN_ID, loss={}, accuracy={}, headlines=values))
    [line] = run_lines([run])
    assert line.split("\t")[4:6] == cells


def test_json_is_the_answer_of_the_api(client: FoveaClient) -> None:
    console = a_pipe()

    show_runs(client, console, as_json=True)

    runs = json.loads(output(console))
    assert [run["run_id"] for run in runs] == [RUN_ID, OTHER_ID]
    assert runs[0]["start_time"] == TIMESTAMP


def test_without_runs_a_terminal_says_so_and_a_pipe_stays_empty(
    fake: FakeStream, client: FoveaClient
) -> None:
    fake.answers = {"/api/runs": []}
    terminal, pipe = a_terminal(), a_pipe()

    show_runs(client, terminal, as_json=False)
    show_runs(client, pipe, as_json=False)

    assert "No runs yet." in output(terminal)
    assert output(pipe) == ""


def test_one_run_is_shown_as_it_is_now(client: FoveaClient) -> None:
    console = a_pipe()

    show_run(client, console, RUN_ID, as_json=False)

    assert "● training" in output(console)
    assert " UTC" in output(console)


def test_one_run_as_json_is_the_initial_state(client: FoveaClient) -> None:
    console = a_pipe()

    show_run(client, console, RUN_ID, as_json=True)

    state = json.loads(output(console))
    assert state["type"] == "initial_state"
    assert status("training").items() <= state["status"].items()


@pytest.mark.parametrize(
    ("name", "run_id"),
    [(None, RUN_ID), (RUN_ID, RUN_ID), ("012345678", RUN_ID), ("small", RUN_ID)],
)
def test_a_run_is_found_by_id_beginning_or_name(
    client: FoveaClient, name: str | None, run_id: str
) -> None:
    assert resolve_run(client, name) == run_id


def test_without_a_name_an_evaluation_is_never_chosen() -> None:
    evaluation = summary(OTHER_ID, start_time="2027-01-01T00:00:00Z", evaluated_run=RUN_ID)
    answers = {
        "/api/runs?status=RUNNING": [evaluation, ACTIVE],
        "/api/runs?status=SCHEDULED": [],
    }
    with serving(FakeStream(answers=answers)) as fake, FoveaClient(fake.url) as client:
        assert resolve_run(client, None) == RUN_ID


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("01234567", "2 runs have an id that begins with '01234567'"),
        ("no\x1b[1mne", r"None of the 2 newest runs has the id or the name 'no\[1mne'"),
        ("", "None of the 2 newest runs"),
    ],
)
def test_an_ambiguous_or_unknown_run_is_refused(
    client: FoveaClient, name: str, message: str
) -> None:
    with pytest.raises(RunChoiceError, match=message):
        resolve_run(client, name)


@pytest.mark.parametrize(
    ("status", "found"), [(200, OTHER_ID), (404, None), (409, "Several runs"), (503, "no database")]
)
def test_the_server_is_asked_for_the_beginning_of_an_older_run_s_id(
    status: int, found: str | None
) -> None:
    def answer(connection: ServerConnection, request: Request) -> Response:
        if request.path.startswith("/api/runs"):
            response = connection.respond(200, json.dumps([ACTIVE]))
            response.headers["X-Total-Count"] = "5000"
            return response
        body = {"run_id": OTHER_ID} if status == 200 else {"error": str(found), "error_code": "X"}
        return connection.respond(status, json.dumps(body))

    with serving(FakeStream(), answer) as fake, FoveaClient(fake.url) as client:
        if status == 200:
            assert resolve_run(client, "0123") == OTHER_ID
            return
        with pytest.raises(ApiError, match=found or "None of the 1 newest runs"):
            resolve_run(client, "ABCD")


def test_more_runs_than_a_page_has_are_listed_on_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = [summary(f"{number:032x}", status="completed") for number in range(2500)]

    def answer(connection: ServerConnection, request: Request) -> Response:
        query = {name: value[0] for name, value in parse_qs(urlsplit(request.path).query).items()}
        found = [] if "status" in query else runs
        limit, offset = int(query["limit"]), int(query.get("offset", 0))
        assert limit <= 1000
        response = connection.respond(200, json.dumps(found[offset : offset + limit]))
        response.headers["X-Total-Count"] = str(len(found))
        return response

    with serving(FakeStream(), answer) as fake, FoveaClient(fake.url) as client:
        for limit, num_shown in ((NUM_RUNS, NUM_RUNS), (1500, 1500), (MAX_RUNS, 2500)):
            console = a_pipe()
            show_runs(client, console, as_json=False, limit=limit)
            assert len(output(console).splitlines()) == num_shown
            hint = capsys.readouterr().err
            assert ("`fovea status --all`" in hint) == (num_shown < 2500)
