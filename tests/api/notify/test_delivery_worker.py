"""Requests to services that no test can reach: their content, and the incident of a pager."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import requests

from api.notify.delivery_worker import send, service_at

ACCEPTED = 202
PAGER = "pagerduty://1234567890abcdef1234567890abcdef@ABCDEFGHIJKLMNOPQRSTU"


def message(kind: str) -> Mapping[str, str]:
    return {"id": "c1d8", "run_id": "9f3c", "kind": kind, "title": "[critical] RAO", "body": "low"}


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The documents that were posted to services."""
    documents: list[dict[str, Any]] = []

    def post(*_: object, data: str, **__: object) -> requests.Response:
        documents.append(json.loads(data))
        response = requests.Response()
        response.status_code = ACCEPTED
        return response

    monkeypatch.setattr(requests, "post", post)
    return documents


def sent(url: str, kind: str) -> str | None:
    service = service_at(url)
    assert service is not None
    return send(service, message(kind))


def test_a_pager_keeps_one_incident_per_run(posted: list[dict[str, Any]]) -> None:
    assert sent(PAGER, "failure") is None
    assert (posted[0]["event_action"], posted[0]["dedup_key"]) == ("trigger", "fovea-9f3c")
    assert "RAO" in posted[0]["payload"]["summary"]


def test_a_pager_with_action_map_closes_the_incident_when_all_alerts_are_resolved(
    posted: list[dict[str, Any]],
) -> None:
    for kind in ("warning", "success"):
        assert sent(f"{PAGER}?action=map", kind) is None
    assert [it["event_action"] for it in posted] == ["trigger", "resolve"]
    assert {it["dedup_key"] for it in posted} == {"fovea-9f3c"}


def test_a_message_that_is_too_long_is_cut_at_its_end(posted: list[dict[str, Any]]) -> None:
    service = service_at(PAGER)
    assert service is not None
    long = {**message("failure"), "body": f"the worst\n{'less bad ' * 1000}"}
    assert send(service, long) is None
    (document,) = posted
    assert "the worst" in document["payload"]["summary"]
    assert len(document["payload"]["summary"]) <= service.body_maxlen


def test_an_incident_key_in_the_url_is_kept(posted: list[dict[str, Any]]) -> None:
    assert sent(f"{PAGER}?dedup=ours", "failure") is None
    assert posted[0]["dedup_key"] == "ours"
