"""Reads numbers as people write them: with thousands marks, a decimal comma, units, currencies."""

import re
from dataclasses import dataclass

MAX_NUMBER_CHARS = 64

_PREFIXES = r"[$€£¥₹]|USD|EUR|GBP|CHF"
_MINUS = "\u2212"
_UNIT_CHARS = r"[^\W\d_]|[%‰°µμΩ$€£¥₹/^²³·\"'*]"
_AFFIXED = re.compile(
    rf"(?P<sign>[+\-\u2212]?)\s*(?:(?P<prefix>{_PREFIXES})\s*)?(?P<sign2>[+\-\u2212]?)"
    r"(?P<number>(?:\d(?:[\d.,'\u2019 \u00a0\u202f]*\d)?\.?|\.\d+)(?:[eE][+\-\u2212]?\d{1,4})?)"
    rf"(?P<space>\s*)(?P<unit>(?:{_UNIT_CHARS})(?:{_UNIT_CHARS}|[\d\-\u2212.]){{0,14}})?"
)
_EXPONENT = r"(?:[eE][+-]?\d{1,4})?"
_WITH_POINT = re.compile(rf"(?:\d+\.?\d*|\.\d+|\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?){_EXPONENT}")
_WITH_COMMA = re.compile(rf"(?:\d+(?:,\d+)?|[1-9]\d{{0,2}}(?:\.\d{{3}})+(?:,\d+)?){_EXPONENT}")
_SPACED = re.compile(r"\d{1,3}(?:[ '\u2019\u00a0\u202f]\d{3})+(?:[.,]\d+)?")
_WHOLE = re.compile(r"\d+")

_CLOSE_UNITS = frozenset(
    [
        *("%", "‰", "°", "°C", "°F", "$", "€", "£", "¥", "₹"),
        *("m", "cm", "mm", "km", "nm", "um", "µm", "μm", "in", "ft", "yd", "mi", "au", "pc", "ly"),
        *("g", "kg", "mg", "ug", "µg", "μg", "lb", "lbs", "oz"),
        *("s", "ms", "us", "µs", "min", "h", "hr", "hrs", "d", "days", "yr", "yrs"),
        *("l", "L", "ml", "mL", "dl", "dL", "m2", "m3", "m²", "m³", "cm2", "cm3", "km2", "ha"),
        *("Hz", "kHz", "MHz", "GHz", "mV", "kV", "mA", "kW", "MW", "kWh", "Wh"),
        *("kJ", "cal", "kcal", "Pa", "hPa", "kPa", "MPa", "bar", "mbar", "mmHg", "psi"),
        *("km/h", "m/s", "mph", "mg/dl", "mg/dL", "mmol/l", "mmol/L", "g/dl", "g/dL", "bpm"),
        *("kB", "KB", "MB", "GB", "TB", "px", "ppm", "dB", "mol"),
        *("EUR", "USD", "GBP", "CHF"),
    ]
)
"""Units that may follow a number without a space. Others, as in `12A`, make it a code.

So ampere, volt and other units of one capital need the space.
"""

_NO_UNITS = frozenset(
    [
        *("am", "pm", "st", "nd", "rd", "th", "jan", "feb", "mar", "apr", "may", "jun", "jul"),
        *("aug", "sep", "oct", "nov", "dec"),
    ]
)


@dataclass(frozen=True)
class WrittenNumber:
    """A number as it was written; `digits` still has the marks of thousands and decimals."""

    sign: str
    digits: str
    unit: str
    """Unit or currency, or the empty text."""


def split_number(text: str) -> WrittenNumber | None:
    """The parts of a text such as `-1,234.5 kg` or `$5`; None if it is no number with a unit."""
    if len(text) > MAX_NUMBER_CHARS or (found := _AFFIXED.fullmatch(text)) is None:
        return None
    signs = found["sign"] + found["sign2"]
    prefix, unit = found["prefix"] or "", found["unit"] or ""
    if len(signs) > 1 or (prefix and unit):
        return None
    if unit and (unit.lower() in _NO_UNITS or not (found["space"] or unit in _CLOSE_UNITS)):
        return None
    sign = "-" if signs in ("-", _MINUS) else ""
    return WrittenNumber(sign, found["number"].replace(_MINUS, "-"), prefix or unit)


def read_number(written: WrittenNumber, decimal: str) -> int | float | None:
    """The value if `decimal` (`.` or `,`) is the decimal mark; None if the digits do not fit it.

    A whole number is an int, of any size. A number too large for a float is infinite.
    """
    digits = written.digits
    if _WHOLE.fullmatch(digits):
        return int(written.sign + digits)
    if _SPACED.fullmatch(digits):
        digits = re.sub(r"[ '\u2019\u00a0\u202f]", "", digits)
        if _WHOLE.fullmatch(digits):
            return int(written.sign + digits)
    pattern, thousands = (_WITH_POINT, ",") if decimal == "." else (_WITH_COMMA, ".")
    if pattern.fullmatch(digits) is None:
        return None
    plain = written.sign + digits.replace(thousands, "").replace(",", ".")
    return int(plain) if _WHOLE.fullmatch(plain.removeprefix("-")) else float(plain)
