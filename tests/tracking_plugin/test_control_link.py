"""The control link: what it says and hears over a real socket, and how it outlives its server."""

import logging
import threading
from collections.abc import Iterator

import pytest

from tests.ports import LOOPBACK, free_port
from tests.tracking_plugin.control_server import ControlServer, control_server
from tests.waiting import DEADLINE_S, until
from tracking_plugin import control_link
from tracking_plugin.control_address import ControlAddress, control_address
from tracking_plugin.control_link import ControlLink
from tracking_plugin.control_messages import Command, Desired, Observed, Report

RUN_ID = "0123456789abcdef0123456789abcdef"


class Listener:
    """A link, and what came over it."""

    def __init__(self, tracking_uri: str) -> None:
        self.commands: list[Command] = []
        address = control_address(tracking_uri, RUN_ID)
        assert address is not None
        self.link = ControlLink(address, self.commands.append)
        self.link.start()

    def hears(self, command: Command) -> None:
        until(lambda: command in self.commands, f"the command {command}")


@pytest.fixture
def server() -> Iterator[ControlServer]:
    with control_server() as server:
        yield server


@pytest.fixture
def listener(server: ControlServer) -> Iterator[Listener]:
    listener = Listener(server.url)
    yield listener
    listener.link.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses and heartbeats that a test can wait for."""
    for name in ("FIRST_PAUSE_S", "LONGEST_PAUSE_S", "REFUSED_PAUSE_S", "HEARTBEAT_S"):
        monkeypatch.setattr(control_link, name, 0.05)


def control_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "fovea-control"]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_what_is_wanted_is_heard_on_connect_and_on_change(
    server: ControlServer, listener: Listener
) -> None:
    listener.hears(Command(desired=Desired.RUNNING))
    server.want(Desired.PAUSED, release=True)
    listener.hears(Command(desired=Desired.PAUSED, release=True, command_id=1))
    assert server.requests[0].path == f"/api/v1/runs/{RUN_ID}/control"


def test_a_report_is_sent_at_once_and_repeated_with_the_newest_step(
    server: ControlServer, quick: None, listener: Listener
) -> None:
    told = Report(observed=Observed.PAUSED, command_id=3, number=1, step=7)
    listener.link.tell(told)
    until(lambda: server.reports.count(told) >= 2, "a heartbeat")
    listener.link.at(8)
    until(lambda: server.last is not None and server.last.step == 8, "the step in a heartbeat")
    assert server.last is not None
    assert (server.last.observed, server.last.command_id) == (Observed.PAUSED, 3)


def test_a_cut_connection_is_made_anew_and_both_sides_say_how_things_are(
    server: ControlServer, quick: None, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    listener.link.tell(Report(observed=Observed.TRAINING, number=1, step=4))
    listener.hears(Command(desired=Desired.RUNNING))
    server.status = 503
    server.cut()
    # Nobody is connected at this moment, so only the state can carry it over.
    command_id = server.want(Desired.PAUSED)
    server.reports.clear()
    server.status = None
    listener.hears(Command(desired=Desired.PAUSED, command_id=command_id))
    until(lambda: server.reports, "the report after the cut")
    assert server.reports[0] == Report(observed=Observed.TRAINING, number=1, step=4)
    assert len(warnings(caplog)) == 1


def test_a_server_that_comes_back_after_many_attempts_is_found_again(
    server: ControlServer, quick: None, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    server.wait_connected()
    caplog.set_level(logging.DEBUG, "tracking_plugin.control_link")
    server.stop()
    until(lambda: len(caplog.records) >= 5, "some attempts")
    server.start()
    server.want(Desired.STOPPED)
    listener.hears(Command(desired=Desired.STOPPED, command_id=1))
    assert len(warnings(caplog)) == 1
    assert any("is back" in record.getMessage() for record in caplog.records)


def test_each_outage_is_warned_of_once(
    server: ControlServer, quick: None, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    def outage() -> None:
        num_before, num_known = len(warnings(caplog)), len(listener.commands)
        server.cut()
        until(lambda: len(warnings(caplog)) > num_before, "the warning")
        until(lambda: len(listener.commands) > num_known, "a word from the server")

    until(lambda: listener.commands, "a word from the server")
    outage()
    outage()
    assert len(warnings(caplog)) == 2


def test_pauses_between_attempts_grow_and_are_short_again_after_a_word_from_the_server(
    server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    real_sleep = control_link.asyncio.sleep

    async def sleep(pause_s: float) -> None:
        if pause_s > control_link.LONGEST_PAUSE_S:
            # Not the link's own: its connection counts heartbeats with it.
            await real_sleep(pause_s)
            return
        pauses.append(pause_s)
        await real_sleep(0)

    monkeypatch.setattr(control_link, "HEARTBEAT_S", 600.0)
    monkeypatch.setattr(control_link.random, "uniform", lambda low, high: high)
    monkeypatch.setattr(control_link.asyncio, "sleep", sleep)
    server.stop()
    listener = Listener(server.url)
    until(lambda: len(pauses) >= 8, "some attempts")
    assert pauses[:8] == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]
    server.start()
    server.wait_connected()
    until(lambda: listener.commands, "a word from the server")
    num_before = len(pauses)
    server.cut()
    until(lambda: len(pauses) > num_before, "another attempt")
    assert pauses[num_before] == 0.5
    listener.link.close()


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_server_without_control_is_warned_of_once_and_seldom_asked(
    server: ControlServer,
    status: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(control_link, "FIRST_PAUSE_S", 600.0)
    monkeypatch.setattr(control_link, "REFUSED_PAUSE_S", 0.05)
    server.status = status
    listener = Listener(server.url)
    until(lambda: len(server.requests) >= 4, "more attempts, each after the pause of refusals")
    (warning,) = warnings(caplog)
    assert f"HTTP status {status}" in warning
    assert "the training goes on" in warning
    server.status = None
    listener.hears(Command(desired=Desired.RUNNING))
    listener.link.close()


def test_a_connection_that_is_refused_after_its_handshake_is_no_success(
    server: ControlServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_link, "FIRST_PAUSE_S", 600.0)
    monkeypatch.setattr(control_link, "REFUSED_PAUSE_S", 0.05)
    server.close_code = 4409
    listener = Listener(server.url)
    until(lambda: len(server.requests) >= 4, "more attempts, each after the pause of refusals")
    (warning,) = warnings(caplog)
    assert "4409" in warning
    listener.link.close()


def test_nobody_at_the_other_end_is_warned_of_once(
    quick: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "tracking_plugin.control_link")
    listener = Listener(f"http://{LOOPBACK}:{free_port()}")
    until(lambda: len(caplog.records) >= 4, "some attempts")
    assert len(warnings(caplog)) == 1
    listener.link.close()
    assert not control_threads()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"desired": "dancing"}', '{"command_id": 4}', b"\xff\x00"]
)
def test_a_word_that_makes_no_sense_is_survived(
    server: ControlServer, listener: Listener, text: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    server.wait_connected()
    server.say(text)
    server.want(Desired.STOPPED)
    listener.hears(Command(desired=Desired.STOPPED, command_id=1))
    assert any("not understood" in warning for warning in warnings(caplog))
    assert len(server.requests) == 1


def test_words_that_a_newer_server_adds_are_passed_over(
    server: ControlServer, listener: Listener
) -> None:
    server.wait_connected()
    server.say('{"desired": "paused", "command_id": 9, "reason": "maintenance"}')
    listener.hears(Command(desired=Desired.PAUSED, command_id=9))


def test_closing_delivers_the_last_report_and_ends_the_thread(
    server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_link, "CLOSE_TIMEOUT_S", DEADLINE_S)
    for number in range(1, 6):
        # Closed at once, so most of these have not even connected by then.
        listener = Listener(server.url)
        listener.link.tell(Report(observed=Observed.STOPPING, number=number))
        listener.link.close()
        assert not control_threads()
        assert server.reports[-1].number == number


def test_closing_twice_and_telling_a_closed_link_does_nothing(listener: Listener) -> None:
    listener.link.close()
    listener.link.close()
    listener.link.tell(Report(observed=Observed.TRAINING))
    assert not control_threads()


@pytest.mark.parametrize(
    ("tracking_uri", "url"),
    [
        ("http://host:5000", "ws://host:5000/api/v1/runs/r/control"),
        ("https://host/mlflow/", "wss://host/mlflow/api/v1/runs/r/control"),
        ("http://ada:secret@host", "ws://host/api/v1/runs/r/control"),
    ],
)
def test_control_lies_beside_the_tracking_api(tracking_uri: str, url: str) -> None:
    address = control_address(tracking_uri, "r")
    assert address is not None
    assert address.url == url
    assert (address.tls is not None) == url.startswith("wss")


@pytest.mark.parametrize("tracking_uri", ["sqlite:///a.db", "file:///a", "databricks", "/a/b"])
def test_a_store_without_a_server_has_no_control(tracking_uri: str) -> None:
    assert control_address(tracking_uri, "r") is None


def test_the_link_is_let_in_like_the_client_of_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    def headers(tracking_uri: str = "http://host") -> ControlAddress:
        address = control_address(tracking_uri, "r")
        assert address is not None
        return address

    assert headers("http://ada:p%40ss@host").headers["Authorization"] == "Basic YWRhOnBAc3M="
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t")
    assert headers().headers["Authorization"] == "Bearer t"
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "p@ss")
    monkeypatch.setenv("MLFLOW_WORKSPACE", "clinic")
    assert headers().headers["Authorization"] == "Basic YWRhOnBAc3M="
    assert headers().headers["X-MLFLOW-WORKSPACE"] == "clinic"
