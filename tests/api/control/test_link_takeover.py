"""The takeover of a run's control link and its record in the audit are one transaction."""

import pytest

from api.control.acknowledgement import CommandOutcome
from api.control.audit import Issuer
from api.control.audited_actions import LinkAction
from api.control.link_claim import LinkClaim, LinkHeldError, claimed, digest_of
from api.control.silence import CONTROLLED_LIMIT_MS
from api.control.state import ControlState
from api.control.store import ControlStore
from api.pages import Page
from api.storage.database import Database
from tracking_plugin.names import RunStatus

RUN_ID = "b" * 32
NOW_MS = 1_800_000_000_000
LATER_MS = NOW_MS + CONTROLLED_LIMIT_MS + 1
FIRST = Issuer(who="anonymous", source="192.0.2.7")
SECOND = Issuer(who="anonymous", source="192.0.2.8")


@pytest.fixture
def store(database: Database) -> ControlStore:
    return ControlStore(database)


def claim(store: ControlStore, secret: str, by: Issuer, now_ms: int) -> ControlState:
    def decide(state: ControlState) -> LinkClaim:
        return claimed(
            state, presented="", fresh=digest_of(secret), now_ms=now_ms, listening_since_ms=0
        )

    new = ControlState(run_id=RUN_ID, status=RunStatus.TRAINING)
    return store.claim_link(RUN_ID, decide, by, now_ms=now_ms, initial=new).after


def test_a_takeover_is_on_record_and_a_first_link_or_a_refused_one_is_not(
    store: ControlStore,
) -> None:
    claim(store, "first", FIRST, NOW_MS)
    with pytest.raises(LinkHeldError):
        claim(store, "second", SECOND, LATER_MS - 1)
    assert store.history(RUN_ID, Page(limit=9)).entries == []
    found = store.find(RUN_ID)
    assert found is not None
    assert found.link_digest == digest_of("first")

    taken = claim(store, "second", SECOND, LATER_MS)

    assert taken.link_digest == digest_of("second")
    [record] = store.history(RUN_ID, Page(limit=9)).entries
    assert (record.action, record.outcome) == (LinkAction.TAKEOVER, CommandOutcome.DONE)
    assert (record.who, record.source, record.at_ms) == (*vars(SECOND).values(), LATER_MS)
    assert record.message == taken.message
