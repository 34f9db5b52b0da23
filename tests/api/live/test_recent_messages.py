"""Recent messages are numbered and dropped, and gaps are recognised unless a newer update covers them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.live import recent_messages
from api.live.recent_messages import EncodedMessage, RecentMessages


def message(
    offset: int, run_id: str = "a", *, is_update: bool = True, text: str = "{}"
) -> EncodedMessage:
    return EncodedMessage(offset, (run_id, "*"), text, is_update)


def recent(*messages: EncodedMessage, retention: int = 100, floor: int = 0) -> RecentMessages:
    kept = RecentMessages(retention, floor)
    for one in messages:
        kept.append(one)
    return kept


def test_messages_are_numbered_in_their_order() -> None:
    kept = recent(message(2), message(4), message(6), floor=1)
    assert kept.end == 3
    assert [kept.at(number)[1].offset for number in range(3)] == [2, 4, 6]
    assert kept.floor == 1


@pytest.mark.parametrize(
    ("offset", "number"), [(0, 0), (1, 0), (2, 1), (3, 1), (5, 2), (6, 3), (9, 3)]
)
def test_the_first_message_after_an_offset_is_found(offset: int, number: int) -> None:
    assert recent(message(2), message(4), message(6)).number_after(offset) == number


def test_the_oldest_are_dropped_if_there_are_too_many() -> None:
    kept = recent(*map(message, range(1, 8)), retention=3)
    assert (kept.end, kept.floor) == (7, 4)
    assert kept.at(0) == (4, message(5))
    assert kept.number_after(4) == 4


def test_the_oldest_are_dropped_if_they_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_messages, "RETAINED_BYTES", 250)
    kept = recent(*(message(offset, text="x" * 100) for offset in range(1, 6)))
    assert (kept.floor, kept.at(0)[0]) == (3, 3)


def test_a_message_larger_than_the_limit_leaves_nothing_but_a_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recent_messages, "RETAINED_BYTES", 10)
    kept = recent(message(1), message(2, text="x" * 100))
    assert (kept.end, kept.floor) == (2, 2)
    assert kept.has_gap_at(1, is_complete_due=False)
    assert not kept.has_gap_at(2, is_complete_due=True)


def test_only_an_update_with_a_newer_one_of_its_run_is_superseded() -> None:
    kept = recent(
        message(1),
        message(2, is_update=False),
        message(3, "b"),
        message(4),
        message(5, is_update=False),
    )
    superseded = [number for number in range(5) if kept.is_superseded(*kept.at(number))]
    assert superseded == [0]


def test_dropped_updates_are_no_gap_while_a_newer_one_is_retained() -> None:
    kept = recent(message(1), message(2), message(3), retention=2)
    assert not kept.has_gap_at(0, is_complete_due=False)
    assert kept.has_gap_at(0, is_complete_due=True)
    assert not kept.has_gap_at(1, is_complete_due=True)


def test_runs_without_retained_messages_use_no_memory() -> None:
    kept = recent(*(message(offset, f"run {offset}") for offset in range(1, 50)), retention=3)
    assert len(kept._newest_update) == 3


@pytest.mark.parametrize(
    "dropped", [message(1, is_update=False), message(1, "b")], ids=["a status", "another run's"]
)
def test_a_dropped_message_without_a_newer_update_is_a_gap(dropped: EncodedMessage) -> None:
    kept = recent(dropped, message(2), message(3), retention=2)
    assert kept.has_gap_at(0, is_complete_due=False)
    assert not kept.has_gap_at(1, is_complete_due=False)


logged = st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=40)


@given(logged, st.integers(1, 10))
def test_a_reader_without_a_gap_can_read_the_newest_update_of_every_run(
    logged: list[tuple[str, bool]], retention: int
) -> None:
    messages = [
        message(offset, run_id, is_update=is_update)
        for offset, (run_id, is_update) in enumerate(logged, 1)
    ]
    kept = recent(*messages, retention=retention)
    for number in range(kept.end):
        here = [kept.at(later)[1] for later in range(number, kept.end)] if kept.end else []
        gone = [one for one in messages[number:] if one not in here]
        newer = {one.topics[0] for one in here if one.is_update}
        is_missed = any(not one.is_update or one.topics[0] not in newer for one in gone)
        # An update that was the newest of its run when it was dropped counts, even if a newer one followed.
        assert is_missed <= kept.has_gap_at(number, is_complete_due=False) <= bool(gone)
        assert kept.has_gap_at(number, is_complete_due=True) == bool(gone)
    assert kept.floor == (messages[-retention - 1].offset if len(messages) > retention else 0)
