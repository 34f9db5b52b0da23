"""`fovea alerts` and `fovea ack`, on a real server."""

import io
import json

import pytest
from rich.console import Console

from api.cli.alerts_command import AlertsRequest, show_alerts
from tests.api.alerted_run import AlertedRun, alerted_run
from tests.api.cli.conftest import Fovea
from tests.servers import Server


@pytest.fixture
def run(server: Server) -> AlertedRun:
    return alerted_run(server.url, run_name="\x1b[2Jred")


def test_open_alerts_are_lines_in_a_pipe(fovea: Fovea, server: Server, run: AlertedRun) -> None:
    result = fovea("alerts", "--run", run.run_id, "--url", server.url)
    assert (result.code, result.err) == (0, "")
    (line,) = result.out.splitlines()
    cells = line.split("\t")
    assert cells[:9] == [
        *(run.alert_id, "firing", "critical", "RAO", run.run_id, "critical/RAO", "1", "0.8"),
        "0.99",
    ]
    everything = fovea("alerts", "--run", run.run_id, "--all", "--url", server.url)
    assert {line.split("\t")[3] for line in everything.out.splitlines()} == {"RAO", "CNV"}
    documents = fovea("alerts", "--run", run.run_id, "--critical", "--json", "--url", server.url)
    assert [it["alert_id"] for it in json.loads(documents.out)] == [run.alert_id]


def test_an_alert_is_acknowledged_once_by_the_beginning_of_its_id(
    fovea: Fovea, server: Server, run: AlertedRun
) -> None:
    first = fovea("ack", run.alert_id[:10], "--note", "Checking the data", "--url", server.url)
    assert (first.code, first.err) == (0, "")
    assert first.out == f"RAO of run {run.run_id[:8]} is acknowledged\n"
    again = fovea("ack", run.alert_id, "--url", server.url)
    assert (again.code, again.out) == (1, "")
    assert again.err.startswith("fovea: The alert was acknowledged before")
    listed = fovea("alerts", "--run", run.run_id, "--url", server.url)
    assert listed.out.strip().endswith("\tanonymous")


@pytest.mark.parametrize("name", ["", "zzzz", "../x", "0" * 32, "x" * 500])
def test_an_unknown_alert_is_refused(fovea: Fovea, server: Server, name: str) -> None:
    refused = fovea("ack", name, "--url", server.url)
    assert (refused.code, refused.out) == (1, "")
    assert "fovea alerts" in refused.err or "GET /api/alerts" in refused.err


def test_a_terminal_shows_a_table(server: Server, run: AlertedRun) -> None:
    console = Console(
        file=io.StringIO(), force_terminal=True, width=100, no_color=True, _environ={}
    )
    request = AlertsRequest(
        run=run.run_id, url=server.url, with_resolved=True, only_critical=False, as_json=False
    )
    show_alerts(request, console)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "! critical" in shown
    assert "resolved" in shown
    assert run.alert_id[:8] in shown
    assert "0.8" in shown
