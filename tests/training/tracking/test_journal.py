"""A journal delivers every line once and in order, also when its process is killed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.tracking.journal import READ_BYTES, Journal

SEGMENT_BYTES = 1000


def test_lines_are_read_in_order_until_they_are_delivered(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "records", SEGMENT_BYTES)
    journal.append([b"one", b"two"])
    journal.append([b"three"])

    assert journal.peek() == [b"one", b"two", b"three"]
    journal.advance(2)
    assert journal.peek() == [b"three"]
    assert journal.num_pending == 1
    journal.advance(1)
    assert journal.peek() == []


def test_a_reopened_journal_continues_where_delivery_ended(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "records", SEGMENT_BYTES)
    journal.append([b"one", b"two", b"three"])
    journal.peek()
    journal.advance(1)

    reopened = Journal(tmp_path, "records", SEGMENT_BYTES)

    assert reopened.num_pending == 2
    reopened.append([b"four"])
    assert reopened.peek() == [b"two", b"three", b"four"]


def test_an_incomplete_last_line_is_removed(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "records", SEGMENT_BYTES)
    journal.append([b"one"])
    with (tmp_path / "records-000001.jsonl").open("ab") as file:
        file.write(b"two, but the process was kil")

    reopened = Journal(tmp_path, "records", SEGMENT_BYTES)
    reopened.append([b"three"])

    assert reopened.num_pending == 2
    assert reopened.peek() == [b"one", b"three"]


def test_without_a_stored_position_all_lines_are_read_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "records", SEGMENT_BYTES)
    journal.append([b"one", b"two"])
    journal.peek()
    journal.advance(1)
    (tmp_path / "records.position").write_bytes(b"\0" * 32)

    assert Journal(tmp_path, "records", SEGMENT_BYTES).peek() == [b"one", b"two"]


def test_delivered_segments_are_deleted_while_lines_are_appended(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "records", SEGMENT_BYTES)
    for number in range(500):
        journal.append([b"%099d" % number])
        assert journal.peek() == [b"%099d" % number]
        journal.advance(1)

        assert journal.size_bytes <= 2 * SEGMENT_BYTES
    on_disk = sum(path.stat().st_size for path in tmp_path.glob("*.jsonl"))
    assert on_disk == journal.size_bytes


def test_an_empty_journal_leaves_no_files(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "records", SEGMENT_BYTES)
    journal.append([b"one"])
    journal.peek()
    journal.advance(1)
    journal.close()

    assert list(tmp_path.iterdir()) == []


def test_a_line_longer_than_one_read_is_returned_completely(tmp_path: Path) -> None:
    long_line = b"x" * (3 * READ_BYTES)
    journal = Journal(tmp_path, "records", SEGMENT_BYTES)
    journal.append([long_line, b"short"])

    lines = journal.peek()
    assert lines[0] == long_line
    journal.advance(len(lines))
    assert [*lines[1:], *journal.peek()] == [b"short"]


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("append"), st.integers(1, 5)),
            st.tuples(st.just("advance"), st.integers(0, 5)),
            st.tuples(st.just("reopen"), st.just(0)),
        ),
        max_size=60,
    )
)
def test_no_order_of_events_loses_or_repeats_a_line(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(folder, "records", segment_bytes=40)
    written: list[bytes] = []
    delivered: list[bytes] = []
    for event, count in steps:
        if event == "append":
            lines = [b"line %d" % (len(written) + index) for index in range(count)]
            journal.append(lines)
            written += lines
        elif event == "advance":
            lines = journal.peek()[:count]
            journal.advance(len(lines))
            delivered += lines
        else:
            journal.close()
            journal = Journal(folder, "records", segment_bytes=40)
        assert journal.num_pending == len(written) - len(delivered)
    while lines := journal.peek():
        journal.advance(len(lines))
        delivered += lines
    journal.close()

    assert delivered == written
