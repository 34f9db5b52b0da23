"""The control link over a real socket: messages, reconnection, warnings and closing."""

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


class Client:
    """A link, and the commands that it has received."""

    def __init__(self, tracking_uri: str) -> None:
        self.commands: list[Command] = []
        address = control_address(tracking_uri, RUN_ID)
        assert address is not None
        self.link = ControlLink(address, self.commands.append)
        self.link.start()

    def wait_for(self, command: Command) -> None:
        until(lambda: command in self.commands, f"the command {command}")


@pytest.fixture
def server() -> Iterator[ControlServer]:
    with control_server() as server:
        yield server


@pytest.fixture
def client(server: ControlServer) -> Iterator[Client]:
    client = Client(server.url)
    yield client
    client.link.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short retry delays and heartbeats."""
    for name in (
        "FIRST_RETRY_DELAY_S",
        "MAX_RETRY_DELAY_S",
        "REFUSED_RETRY_DELAY_S",
        "HEARTBEAT_S",
    ):
        monkeypatch.setattr(control_link, name, 0.05)


def control_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "fovea-control"]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_the_command_is_received_on_connect_and_on_change(
    server: ControlServer, client: Client
) -> None:
    client.wait_for(Command(desired=Desired.RUNNING))
    server.set_desired(Desired.PAUSED, release=True)
    client.wait_for(Command(desired=Desired.PAUSED, release=True, command_id=1))
    assert server.requests[0].path == f"/api/v1/runs/{RUN_ID}/control"


def test_a_report_is_sent_at_once_and_repeated_with_the_newest_step(
    server: ControlServer, quick: None, client: Client
) -> None:
    report = Report(observed=Observed.PAUSED, command_id=3, number=1, step=7)
    client.link.send(report)
    until(lambda: server.reports.count(report) >= 2, "a heartbeat")
    client.link.update_step(8)
    until(
        lambda: server.last_report is not None and server.last_report.step == 8,
        "the step in a heartbeat",
    )
    assert server.last_report is not None
    assert (server.last_report.observed, server.last_report.command_id) == (Observed.PAUSED, 3)


def test_a_dropped_connection_is_reopened_and_both_sides_send_their_state(
    server: ControlServer, quick: None, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.link.send(Report(observed=Observed.TRAINING, number=1, step=4))
    client.wait_for(Command(desired=Desired.RUNNING))
    server.status = 503
    server.drop_connections()
    # No connection is open now, so the command can only arrive as state on reconnect.
    command_id = server.set_desired(Desired.PAUSED)
    server.reports.clear()
    server.status = None
    client.wait_for(Command(desired=Desired.PAUSED, command_id=command_id))
    until(lambda: server.reports, "the report after reconnecting")
    assert server.reports[0] == Report(observed=Observed.TRAINING, number=1, step=4)
    assert len(warnings(caplog)) == 1


def test_the_link_reconnects_to_a_server_that_returns_after_many_attempts(
    server: ControlServer, quick: None, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    server.wait_connected()
    caplog.set_level(logging.DEBUG, "tracking_plugin.control_link")
    server.stop()
    until(lambda: len(caplog.records) >= 5, "some attempts")
    server.start()
    server.set_desired(Desired.STOPPED)
    client.wait_for(Command(desired=Desired.STOPPED, command_id=1))
    assert len(warnings(caplog)) == 1
    assert any("is back" in record.getMessage() for record in caplog.records)


def test_each_outage_logs_one_warning(
    server: ControlServer, quick: None, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    def outage() -> None:
        num_warnings, num_commands = len(warnings(caplog)), len(client.commands)
        server.drop_connections()
        until(lambda: len(warnings(caplog)) > num_warnings, "the warning")
        until(lambda: len(client.commands) > num_commands, "a command from the server")

    until(lambda: client.commands, "a command from the server")
    outage()
    outage()
    assert len(warnings(caplog)) == 2


def test_retry_delays_grow_and_start_over_after_a_command_from_the_server(
    server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    delays: list[float] = []
    real_sleep = control_link.asyncio.sleep

    async def sleep(delay_s: float) -> None:
        if delay_s > control_link.MAX_RETRY_DELAY_S:
            # The sleep of the connection between two heartbeats, not a retry delay.
            await real_sleep(delay_s)
            return
        delays.append(delay_s)
        await real_sleep(0)

    monkeypatch.setattr(control_link, "HEARTBEAT_S", 600.0)
    monkeypatch.setattr(control_link.random, "uniform", lambda low, high: high)
    monkeypatch.setattr(control_link.asyncio, "sleep", sleep)
    server.stop()
    client = Client(server.url)
    until(lambda: len(delays) >= 8, "some attempts")
    assert delays[:8] == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]
    server.start()
    server.wait_connected()
    until(lambda: client.commands, "a command from the server")
    num_before = len(delays)
    server.drop_connections()
    until(lambda: len(delays) > num_before, "another attempt")
    assert delays[num_before] == 0.5
    client.link.close()


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_server_without_control_logs_one_warning_and_is_retried_after_the_longer_delay(
    server: ControlServer,
    status: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(control_link, "FIRST_RETRY_DELAY_S", 600.0)
    monkeypatch.setattr(control_link, "REFUSED_RETRY_DELAY_S", 0.05)
    server.status = status
    client = Client(server.url)
    until(lambda: len(server.requests) >= 4, "more attempts, each after the delay for refusals")
    (warning,) = warnings(caplog)
    assert f"HTTP status {status}" in warning
    assert "the training continues" in warning
    server.status = None
    client.wait_for(Command(desired=Desired.RUNNING))
    client.link.close()


def test_a_connection_closed_after_its_handshake_counts_as_refused(
    server: ControlServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_link, "FIRST_RETRY_DELAY_S", 600.0)
    monkeypatch.setattr(control_link, "REFUSED_RETRY_DELAY_S", 0.05)
    server.close_code = 4409
    client = Client(server.url)
    until(lambda: len(server.requests) >= 4, "more attempts, each after the delay for refusals")
    (warning,) = warnings(caplog)
    assert "4409" in warning
    client.link.close()


def test_an_unreachable_server_logs_one_warning(
    quick: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "tracking_plugin.control_link")
    client = Client(f"http://{LOOPBACK}:{free_port()}")
    until(lambda: len(caplog.records) >= 4, "some attempts")
    assert len(warnings(caplog)) == 1
    client.link.close()
    assert not control_threads()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"desired": "dancing"}', '{"command_id": 4}', b"\xff\x00"]
)
def test_an_invalid_message_is_skipped_with_a_warning(
    server: ControlServer, client: Client, text: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    server.wait_connected()
    server.send_text(text)
    server.set_desired(Desired.STOPPED)
    client.wait_for(Command(desired=Desired.STOPPED, command_id=1))
    assert any("could not be decoded" in warning for warning in warnings(caplog))
    assert len(server.requests) == 1


def test_unknown_fields_of_a_newer_server_are_ignored(
    server: ControlServer, client: Client
) -> None:
    server.wait_connected()
    server.send_text('{"desired": "paused", "command_id": 9, "reason": "maintenance"}')
    client.wait_for(Command(desired=Desired.PAUSED, command_id=9))


def test_closing_sends_the_last_report_and_ends_the_thread(
    server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_link, "CLOSE_TIMEOUT_S", DEADLINE_S)
    for number in range(1, 6):
        # Closed at once: most of these links are not even connected yet.
        client = Client(server.url)
        client.link.send(Report(observed=Observed.STOPPING, number=number))
        client.link.close()
        assert not control_threads()
        assert server.reports[-1].number == number


def test_closing_twice_and_sending_on_a_closed_link_do_nothing(client: Client) -> None:
    client.link.close()
    client.link.close()
    client.link.send(Report(observed=Observed.TRAINING))
    assert not control_threads()


@pytest.mark.parametrize(
    ("tracking_uri", "url"),
    [
        ("http://host:5000", "ws://host:5000/api/v1/runs/r/control"),
        ("https://host/mlflow/", "wss://host/mlflow/api/v1/runs/r/control"),
        ("http://ada:secret@host", "ws://host/api/v1/runs/r/control"),
    ],
)
def test_the_address_is_on_the_tracking_server(tracking_uri: str, url: str) -> None:
    address = control_address(tracking_uri, "r")
    assert address is not None
    assert address.url == url
    assert (address.tls is not None) == url.startswith("wss")


@pytest.mark.parametrize("tracking_uri", ["sqlite:///a.db", "file:///a", "databricks", "/a/b"])
def test_a_store_without_a_server_has_no_address(tracking_uri: str) -> None:
    assert control_address(tracking_uri, "r") is None


def test_the_link_sends_the_credentials_of_mlflows_client(monkeypatch: pytest.MonkeyPatch) -> None:
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
