"""MLflow responds under Fovea as it does alone: the same requests to two real servers are compared."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import httpx
import pytest
from mlflow import MlflowClient

from api.client import FoveaClient
from api.client.refusals import RequestRefusedError
from tests.api.mlflow_calls import STEPS
from tests.api.plain_mlflow import SAME_ORDER, Answer, converse, plain_mlflow_server
from tests.servers import fovea_server
from tests.waiting import until
from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Desired, Observed

PREFIX = "/prefixed"
PAGES = ("page", "page-head", "page-compressed", "page-at-root")
SCRIPT = re.compile(rb'<script defer src="[^"]*monitor/panel\.js"></script>')


@dataclass(frozen=True, kw_only=True)
class Servers:
    """The options of both servers, and their path prefix."""

    options: tuple[str, ...] = ()
    base: str = ""


@dataclass(frozen=True, kw_only=True)
class Answers:
    plain: dict[str, Answer]
    ours: dict[str, Answer]
    our_address: str
    """The address of our server that MLflow's client uses: with the prefix, if there is one."""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(Servers(), id="bare"),
        pytest.param(Servers(options=("--static-prefix", PREFIX), base=PREFIX), id="prefixed"),
    ],
)
def answers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Answers]:
    servers: Servers = request.param
    directory = tmp_path_factory.mktemp("both")
    with (
        plain_mlflow_server(directory / "plain", *servers.options) as plain_url,
        fovea_server(directory / "ours", "--", *servers.options, environment=SAME_ORDER) as ours,
    ):
        yield Answers(
            plain=converse(plain_url, STEPS, servers.base),
            ours=converse(ours.url, STEPS, servers.base),
            our_address=ours.url + servers.base,
        )


@pytest.mark.parametrize("name", [step.name for step in STEPS if not step.name.endswith(PAGES)])
def test_both_servers_respond_alike(answers: Answers, name: str) -> None:
    assert answers.ours[name] == answers.plain[name]


@pytest.mark.parametrize("name", [step.name for step in STEPS if step.name.endswith(PAGES)])
def test_the_page_of_the_ui_has_one_more_script(answers: Answers, name: str) -> None:
    plain, ours = answers.plain[name], answers.ours[name]
    if plain.status == 200 and plain.body:
        assert len(SCRIPT.findall(ours.body)) == 1
    assert SCRIPT.sub(b"", ours.body) == plain.body
    assert ours.status == plain.status
    assert but_of_the_file(ours) == but_of_the_file(plain)


def but_of_the_file(answer: Answer) -> list[tuple[str, str]]:
    """The headers without those that describe the bytes of a file."""
    described = ("accept-ranges", "content-length", "etag", "last-modified")
    return [(name, value) for name, value in answer.headers if name not in described]


def test_our_own_paths_are_behind_the_prefix_of_mlflow(answers: Answers) -> None:
    mlflow = MlflowClient(answers.our_address)
    run_id = mlflow.create_run(mlflow.create_experiment("behind the prefix")).info.run_id
    with FoveaClient(answers.our_address) as client:
        with closing(client.watch(run_id)) as messages:
            assert next(messages).run_id == run_id
        with closing(RunControl(run_id, tracking_uri=answers.our_address)) as control:
            control.report(Observed.TRAINING)
            until(lambda: is_accepted(client.pause, run_id), "a control link")
            until(lambda: control.command.desired is Desired.PAUSED, "the command")
    page = httpx.get(f"{answers.our_address}/monitor/")
    assert page.status_code == 200
    assert "<title>" in page.text


def is_accepted(command: Callable[..., object], run_id: str) -> bool:
    """A command is refused until the run's control link is open."""
    try:
        command(run_id, timeout_s=0)
    except RequestRefusedError:
        return False
    return True


def test_the_requests_were_understood(answers: Answers) -> None:
    # Two servers that refuse everything would agree, too.
    understood = {name for name, answer in answers.plain.items() if answer.status == 200}
    assert understood >= {
        *("experiment-create", "run-create", "run-create-camel", "metric", "metric-nan", "batch"),
        *("tag-delete", "run-update", "run-restore", "run-get", "run-search", "history"),
        *("model-version", "model-by-alias", "json-twice", "ajax", "health", "page"),
    }
    assert {answer.status for answer in answers.plain.values()} >= {200, 400, 403, 404, 405}
