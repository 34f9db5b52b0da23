"""A filter that cannot be read is refused with a sentence that quotes the faulty part."""

import time

import pytest

from api.errors import UnprocessableError
from api.runs.table.run_filter import MAX_FILTER_CHARS, read_filter


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("metrics.loss <", "“metrics.loss <”"),
        ("metrics.loss < 1 and params.lr = 3", "“params.lr = 3”"),
        ("metrics.loss < 1 and params.lr > '3'", "“params.lr > '3'”"),
        ("params.a = 'x and y' and foo", "“foo”"),
        ("colour.x = '1'", "“colour.x = '1'”"),
        ("metrics.loss < 1 or metrics.loss > 2", "“metrics.loss < 1 or metrics.loss > 2”"),
        ("start_time > 99999999999999999999", "“start_time > 99999999999999999999”"),
        ("and and", "“and and” compares nothing"),
        ("(" * 1000, "cannot be read at"),
    ],
)
def test_the_faulty_part_is_quoted(text: str, quoted: str) -> None:
    with pytest.raises(UnprocessableError) as refused:
        read_filter(text)

    assert quoted in str(refused.value)
    assert len(str(refused.value)) < 700


def test_an_empty_filter_compares_nothing() -> None:
    assert read_filter("  ") == ()


@pytest.mark.parametrize("unit", ["(", "a", "'", "`", "a.b=", "and ", "-", "/*", "a = 'b' and "])
def test_the_longest_filter_is_read_or_refused_soon(unit: str) -> None:
    began = time.process_time()

    with pytest.raises(UnprocessableError):
        read_filter((unit * MAX_FILTER_CHARS)[:MAX_FILTER_CHARS])

    assert time.process_time() - began < 5


def test_texts_without_comparison_or_with_too_many_are_refused() -> None:
    with pytest.raises(UnprocessableError, match="no NUL"):
        read_filter("a\0")
    with pytest.raises(UnprocessableError, match="21 comparisons"):
        read_filter(" and ".join(["metrics.a < 1"] * 21))
