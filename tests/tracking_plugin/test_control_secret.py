"""RunControl keeps the secret of its run, and presents it whenever it connects."""

import logging
from collections.abc import Iterator

import pytest

from tests.tracking_plugin.control_server import ControlServer, control_server
from tests.waiting import until
from tracking_plugin import control_link
from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Command, Desired
from tracking_plugin.control_secret import LINK_HEADER, LINK_VARIABLE

RUN_ID = "0123456789abcdef0123456789abcdef"
TOLD = "told-by-the-server"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LINK_VARIABLE, raising=False)
    for name in ("FIRST_RETRY_DELAY_S", "MAX_RETRY_DELAY_S"):
        monkeypatch.setattr(control_link, name, 0.02)


@pytest.fixture
def server() -> Iterator[ControlServer]:
    with control_server() as server:
        yield server


def presented(server: ControlServer) -> list[str | None]:
    return [request.headers.get(LINK_HEADER) for request in server.requests]


def test_a_secret_that_the_server_tells_is_presented_from_then_on(server: ControlServer) -> None:
    server.command = Command(desired=Desired.RUNNING, secret=TOLD)
    with RunControl(RUN_ID, tracking_uri=server.url):
        until(lambda: server.reports, "the first report")
        server.command = Command(desired=Desired.RUNNING)
        server.drop_connections()
        until(lambda: len(server.requests) >= 2, "a second connection")
        server.wait_connected()
        server.drop_connections()
        until(lambda: len(server.requests) >= 3, "a third connection")
    assert presented(server)[:3] == [None, TOLD, TOLD]


def test_a_job_presents_the_secret_of_its_environment_at_once(
    server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LINK_VARIABLE, "of-the-job")
    with RunControl(RUN_ID, tracking_uri=server.url):
        server.wait_connected()
    assert presented(server) == ["of-the-job"]


def test_while_another_program_holds_the_link_the_training_goes_on_with_one_warning(
    server: ControlServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.close_code = 4423
    with RunControl(RUN_ID, tracking_uri=server.url) as control:
        until(lambda: len(server.requests) > 5, "attempts that are not a minute apart")
        assert not any(control.should_stop(step) for step in range(100))
        server.close_code = None
        until(lambda: server.reports, "the link, once it is free")
    assert [record.levelno for record in caplog.records].count(logging.WARNING) == 1
    assert "closed with 4423" in caplog.text


def test_the_secret_is_in_no_log_of_any_level(
    server: ControlServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.command = Command(desired=Desired.RUNNING, secret=TOLD)
    # The server of this test is of the same library, which logs under this name.
    logging.getLogger("websockets.server").disabled = True
    with caplog.at_level(logging.DEBUG), RunControl(RUN_ID, tracking_uri=server.url):
        until(lambda: server.reports, "the first report")
        server.drop_connections()
        until(lambda: len(server.requests) == 2, "another connection")
    logging.getLogger("websockets.server").disabled = False
    assert TOLD not in caplog.text
