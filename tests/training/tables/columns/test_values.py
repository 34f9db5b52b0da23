"""Numbers and dates are read as people write them, and nothing else is taken for one."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.tables.columns.dates import DayOrder, allowed_orders, read_date
from training.tables.columns.values import read_number, split_number


@pytest.mark.parametrize(
    ("text", "decimal", "value", "unit"),
    [
        ("12", ".", 12, ""),
        ("-1.5e-3", ".", -0.0015, ""),
        ("+.5", ".", 0.5, ""),
        ("5.", ".", 5.0, ""),
        ("1,234.5", ".", 1234.5, ""),
        ("1,234", ".", 1234, ""),
        ("1,234", ",", 1.234, ""),
        ("1.234,5", ",", 1234.5, ""),
        ("1.234", ",", 1234, ""),
        ("0,5", ",", 0.5, ""),
        ("1 234 567", ".", 1234567, ""),
        ("1\u202f234,5", ",", 1234.5, ""),
        ("1'234.50", ".", 1234.5, ""),
        ("\u22125", ".", -5, ""),
        ("12 kg", ".", 12, "kg"),
        ("12kg", ".", 12, "kg"),
        ("50 %", ".", 50, "%"),
        ("50%", ".", 50, "%"),
        ("$1,200", ".", 1200, "$"),
        ("-$5", ".", -5, "$"),
        ("€ 5,50", ",", 5.5, "€"),
        ("5,50 €", ",", 5.5, "€"),
        ("9.8 m/s^2", ".", 9.8, "m/s^2"),
        ("120 mmHg", ".", 120, "mmHg"),
        ("3e5", ".", 300000.0, ""),
        ("123456789012345678901", ".", 123456789012345678901, ""),
    ],
)
def test_a_number_is_read(text: str, decimal: str, value: float, unit: str) -> None:
    written = split_number(text)
    assert written is not None
    assert written.unit == unit
    number = read_number(written, decimal)
    assert (number, type(number)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    [
        *("", "kg", "12A", "1st", "5 pm", "10 Jan", "--5", "$5 €", "2020-01-02", "10:30", "0x10"),
        *("07h29m25.85s", "1 2 x y", "e5", ".", "K00752.01", "9" * 100),
    ],
)
def test_what_is_no_number_with_a_unit_is_not_split(text: str) -> None:
    assert split_number(text) is None


@pytest.mark.parametrize(
    ("text", "decimal"),
    [("1.2.3", "."), ("1,23", "."), ("1,2345", "."), ("1.5", ","), ("12 34", "."), ("1.2,3", ".")],
)
def test_digits_that_do_not_fit_the_decimal_mark_are_no_number(text: str, decimal: str) -> None:
    written = split_number(text)
    assert written is not None
    assert read_number(written, decimal) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_read_back(value: float) -> None:
    written = split_number(repr(value))
    assert written is not None
    assert read_number(written, ".") == value


@given(st.text(max_size=80))
def test_no_text_is_an_error(text: str) -> None:
    if (written := split_number(text)) is not None:
        read_number(written, ".")
        read_number(written, ",")
    read_date(text, DayOrder.DAY_FIRST)
    allowed_orders(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-02-29", "2020-02-29"),
        ("1000-01-01", "1000-01-01"),
        ("2700-12-31T23:59:59", "2700-12-31T23:59:59"),
        ("2020/2/9 7:05", "2020-02-09T07:05"),
        ("2020-01-02 03:04:05.123456789", "2020-01-02T03:04:05.123456"),
        ("2020-01-02T03:04:05Z", "2020-01-02T03:04:05"),
        ("2020-01-02T03:04:05+02:00", "2020-01-02T01:04:05"),
        ("31.12.2020", "2020-12-31"),
        ("3/4/2020 12:30 AM", "2020-04-03T00:30"),
        ("3 Apr 2020", "2020-04-03"),
        ("03-APR-2020", "2020-04-03"),
        ("April 3, 2020", "2020-04-03"),
    ],
)
def test_a_date_is_read(text: str, expected: str) -> None:
    found = read_date(text, DayOrder.DAY_FIRST)
    assert found is not None
    assert found.moment == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    "text",
    [
        *("2020-02-30", "2020-13-01", "0000-01-01", "1.2", "2020", "12/25/2020", "Foo 3, 2020"),
        *("1/2-2020", "01.02.20", "2020-01-01 25:00", "9999-12-31T23:00-05:00"),
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_date(text, DayOrder.DAY_FIRST) is None


def test_the_orders_that_a_date_allows() -> None:
    assert allowed_orders("25/12/2020") == {DayOrder.DAY_FIRST}
    assert allowed_orders("12-25-2020") == {DayOrder.MONTH_FIRST}
    assert allowed_orders("01/02/2020") == set(DayOrder)
    assert allowed_orders("25/25/2020") == set()
    assert allowed_orders("2020-01-02") is None
    assert allowed_orders("01.02.2020") is None
