"""Which program may hold a run's control link."""

import pytest

from api.control.link_claim import (
    LinkClaim,
    LinkHeldError,
    LinkTakenError,
    claimed,
    digest_of,
    expecting_job,
    new_secret,
    released,
    require_holder,
)
from api.control.silence import CONTROLLED_LIMIT_MS
from api.control.state import ControlState, launched, restarted
from api.errors import close_code_of
from api.middleware.admission import close_reason
from tracking_plugin.names import RunStatus

NOW_MS = 10_000_000
MINE, OTHER, FRESH = digest_of("mine"), digest_of("other"), digest_of("fresh")
UNCLAIMED = ControlState(run_id="r", status=RunStatus.TRAINING)
HELD = ControlState(
    run_id="r",
    status=RunStatus.TRAINING,
    has_link=True,
    heartbeat_ms=NOW_MS - CONTROLLED_LIMIT_MS,
    link_digest=MINE,
)


def claim(
    state: ControlState, presented: str = "", now_ms: int = NOW_MS, since_ms: int = 0
) -> LinkClaim:
    return claimed(
        state, presented=presented, fresh=FRESH, now_ms=now_ms, listening_since_ms=since_ms
    )


@pytest.mark.parametrize("presented", ["", OTHER])
def test_the_first_program_gets_a_secret(presented: str) -> None:
    granted = claim(UNCLAIMED, presented)

    assert (granted.state.link_digest, granted.is_takeover) == (FRESH, False)
    assert granted.state.has_link


def test_the_program_that_has_the_secret_may_connect_again_at_any_time() -> None:
    for now_ms in (NOW_MS - CONTROLLED_LIMIT_MS, NOW_MS, NOW_MS * 2):
        granted = claim(HELD, MINE, now_ms)

        assert (granted.state.link_digest, granted.is_takeover) == (MINE, False)
        assert granted.state.heartbeat_ms == now_ms


@pytest.mark.parametrize("presented", ["", OTHER, MINE[:-1]])
def test_another_program_is_refused_while_the_first_is_alive(presented: str) -> None:
    with pytest.raises(LinkHeldError) as refused:
        claim(HELD, presented)

    assert close_code_of(refused.value) == 4423
    assert close_reason(refused.value) == str(refused.value), "it fits into a close frame"


def test_another_program_takes_over_from_one_that_is_dead() -> None:
    granted = claim(HELD, OTHER, NOW_MS + 12_000)

    assert granted.is_takeover
    assert granted.state.link_digest == FRESH
    assert "had reported nothing for 42 s" in granted.state.message


def test_after_a_restart_of_the_server_the_first_program_has_time_to_come_back() -> None:
    late_ms = NOW_MS + 3_600_000
    with pytest.raises(LinkHeldError):
        claim(HELD, OTHER, late_ms, since_ms=late_ms - CONTROLLED_LIMIT_MS)

    assert claim(HELD, OTHER, late_ms, since_ms=late_ms - CONTROLLED_LIMIT_MS - 1).is_takeover


def test_a_job_that_is_starting_is_waited_for() -> None:
    expecting = launched(expecting_job(HELD, FRESH))

    with pytest.raises(LinkHeldError):
        claim(expecting, MINE, NOW_MS * 2)
    assert claim(expecting, FRESH).state.has_link


def test_a_run_that_has_ended_and_was_started_again_has_a_first_program_again() -> None:
    again = restarted(HELD, RunStatus.TRAINING)

    assert claim(again).state.link_digest == FRESH
    assert require_holder(again, MINE).link_digest == MINE


def test_a_report_counts_only_over_the_link_that_holds() -> None:
    assert require_holder(HELD, MINE) == HELD
    with pytest.raises(LinkTakenError):
        require_holder(claim(HELD, OTHER, NOW_MS * 2).state, MINE)


def test_a_program_that_closes_in_order_makes_room_for_the_next() -> None:
    assert claim(released(HELD, MINE), OTHER).state.link_digest == FRESH
    assert released(HELD, OTHER) == HELD, "only the holder can"


def test_the_secret_of_a_job_stays_with_the_job() -> None:
    of_job = expecting_job(HELD, MINE)

    assert released(of_job, MINE) == of_job


def test_secrets_differ_and_no_state_shows_one() -> None:
    assert new_secret() != new_secret()
    assert MINE not in repr(HELD)
    assert digest_of("") == ""
