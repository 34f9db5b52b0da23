"""Alerts through both clients, on a real server."""

import pytest

from api.alerts.schemas import AlertLevel
from api.alerts.state_machine import AlertState
from api.client import RequestRefusedError
from tests.api.alerted_run import alerted_run
from tests.api.client.both_clients import Call
from tests.servers import Server


def test_alerts_are_listed_found_and_acknowledged(call: Call, server: Server) -> None:
    run = alerted_run(server.url)
    everything = call(server.url, "alerts", run_id=run.run_id)
    assert (everything.total, {it.condition for it in everything.entries}) == (2, {"RAO", "CNV"})
    (resolved,) = call(
        server.url, "alerts", run_id=run.run_id, state=AlertState.RESOLVED, limit=1
    ).entries
    assert resolved.condition == "CNV"
    wanted = {"condition": "RAO", "level": AlertLevel.CRITICAL, "acknowledged": False}
    (found,) = call(server.url, "alerts", run_id=run.run_id, **wanted).entries
    assert call(server.url, "alert", found.alert_id) == found

    acknowledged = call(server.url, "acknowledge", found.alert_id, note="Looking at class 8")
    assert (acknowledged.acknowledged_by, acknowledged.note) == ("anonymous", "Looking at class 8")
    assert call(server.url, "alerts", run_id=run.run_id, **wanted).entries == []
    with pytest.raises(RequestRefusedError, match="acknowledged before") as refused:
        call(server.url, "acknowledge", found.alert_id)
    assert refused.value.status == 409
    timeline = call(server.url, "alert_timeline", run.run_id)
    assert timeline.entries[0].kind == "acknowledged"
    assert timeline.total == 4
    assert call(server.url, "notifications", run.run_id).total == 0


def test_an_unknown_alert_is_named(call: Call, server: Server) -> None:
    with pytest.raises(RequestRefusedError, match="no alert 'zz'"):
        call(server.url, "acknowledge", "zz")
