"""Alerts through the clients, on a real server."""

import pytest

from api.alerts.schemas import AlertLevel
from api.alerts.state_machine import AlertState
from api.client import RequestRefusedError
from tests.api.alerted_run import alerted_run
from tests.api.client.both_clients import Ask
from tests.servers import Server


def test_alerts_are_listed_found_and_acknowledged(ask: Ask, server: Server) -> None:
    run = alerted_run(server.url)
    everything = ask(server.url, "alerts", run_id=run.run_id)
    assert (everything.total, {it.condition for it in everything.entries}) == (2, {"RAO", "CNV"})
    (resolved,) = ask(
        server.url, "alerts", run_id=run.run_id, state=AlertState.RESOLVED, limit=1
    ).entries
    assert resolved.condition == "CNV"
    wanted = {"condition": "RAO", "level": AlertLevel.CRITICAL, "acknowledged": False}
    (found,) = ask(server.url, "alerts", run_id=run.run_id, **wanted).entries
    assert ask(server.url, "alert", found.alert_id) == found

    seen = ask(server.url, "acknowledge", found.alert_id, note="Looking at class 8")
    assert (seen.acknowledged_by, seen.note) == ("anonymous", "Looking at class 8")
    assert ask(server.url, "alerts", run_id=run.run_id, **wanted).entries == []
    with pytest.raises(RequestRefusedError, match="acknowledged before") as refused:
        ask(server.url, "acknowledge", found.alert_id)
    assert refused.value.status == 409
    timeline = ask(server.url, "alert_timeline", run.run_id)
    assert timeline.entries[0].kind == "acknowledged"
    assert timeline.total == 4
    assert ask(server.url, "notifications", run.run_id).total == 0


def test_an_alert_that_is_none_is_named(ask: Ask, server: Server) -> None:
    with pytest.raises(RequestRefusedError, match="no alert 'zz'"):
        ask(server.url, "acknowledge", "zz")
