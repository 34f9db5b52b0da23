"""Messages to services that no test can reach: what would be sent to a pager, and under which incident."""

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
    """What the services were posted."""
    documents: list[dict[str, Any]] = []

    def post(*_: object, data: str, **__: object) -> requests.Response:
        documents.append(json.loads(data))
        answer = requests.Response()
        answer.status_code = ACCEPTED
        return answer

    monkeypatch.setattr(requests, "post", post)
    return documents


def sent(url: str, kind: str) -> str | None:
    service = service_at(url)
    assert service is not None
    return send(service, message(kind))


def test_a_pager_keeps_one_incident_for_a_run(posted: list[dict[str, Any]]) -> None:
    assert sent(PAGER, "failure") is None
    assert (posted[0]["event_action"], posted[0]["dedup_key"]) == ("trigger", "fovea-9f3c")
    assert "RAO" in posted[0]["payload"]["summary"]


def test_a_pager_that_maps_closes_the_incident_when_all_is_well(
    posted: list[dict[str, Any]],
) -> None:
    for kind in ("warning", "success"):
        assert sent(f"{PAGER}?action=map", kind) is None
    assert [it["event_action"] for it in posted] == ["trigger", "resolve"]
    assert {it["dedup_key"] for it in posted} == {"fovea-9f3c"}


def test_what_is_too_long_for_a_service_is_cut_from_its_end(posted: list[dict[str, Any]]) -> None:
    service = service_at(PAGER)
    assert service is not None
    long = {**message("failure"), "body": f"the worst\n{'less bad ' * 1000}"}
    assert send(service, long) is None
    (document,) = posted
    assert "the worst" in document["payload"]["summary"]
    assert len(document["payload"]["summary"]) <= service.body_maxlen


def test_an_incident_that_the_url_names_stays_the_urls(posted: list[dict[str, Any]]) -> None:
    assert sent(f"{PAGER}?dedup=ours", "failure") is None
    assert posted[0]["dedup_key"] == "ours"
