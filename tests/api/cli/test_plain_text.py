"""Numbers and times in a terminal, and text without control characters."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli.plain_text import age, clock, number
from tracking_plugin.printable import printable

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@given(st.text(), st.integers(1, 50))
def test_printable_text_is_one_line_of_bounded_length(text: str, longest: int) -> None:
    line = printable(text, longest)

    assert len(line) <= longest
    assert line.isprintable() or not set(line) & set("\x1b\x9b\r\n\x07\u202e\u2028\ud800")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\x9b2Jcleared", "2Jcleared"),
        ("a\r\nb\tc", "a b c"),
        ("abc\u202edef", "abcdef"),
        ("rétine 网膜 ✓", "rétine 网膜 ✓"),
        ("x" * 201, "x" * 199 + "…"),
    ],
)
def test_control_characters_are_removed(text: str, line: str) -> None:
    assert printable(text) == line


@pytest.mark.parametrize(
    ("value", "text"), [(0.41234, "0.4123"), (3e-4, "0.0003"), (1e-9, "1e-09"), (None, "-")]
)
def test_numbers_have_four_digits(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (59.9, "0:00:59"), (360061, "100:01:01"), (-1, "0:00:00")]
)
def test_durations_are_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s ago"), (59, "59 s ago"), (61, "1 min ago"), (7200, "2 h ago"), (90000, "1 d ago")],
)
def test_ages_are_in_their_largest_unit(seconds: int, text: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == text
