"""Reads the values of a rule as their fields mean them, not as YAML guesses their types.

YAML 1.1 takes `off` for false, `1e3` for a text, `010` for 8 and `1:30` for 90.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from tracking_plugin.printable import printable

_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_MOST_DIGITS = 64
_WORDS: Mapping[str, bool] = {
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
}
_NOTHING = frozenset(("", "~", "null"))
_MOST_SHOWN = 40


def read_value(field: str, node: yaml.Node) -> Any:
    """The value of a field; None if nothing stands there. Raises ValueError with the mend.

    The value of an unknown field is its text.
    """
    read = _READERS.get(field, _text)
    if not isinstance(node, yaml.ScalarNode):
        kind = "a list" if isinstance(node, yaml.SequenceNode) else "fields"
        raise ValueError(f"{_EXPECTED[read]} was expected, not {kind}")
    text = node.value.strip()
    is_empty = text == "" if read is _text else text.lower() in _NOTHING
    # Without quotes, nothing is no value; with them, it is an empty text.
    return None if is_empty and node.style is None else read(node.value)


def _text(text: str) -> str:
    return text


def _number(text: str) -> float:
    stripped = text.strip()
    if len(stripped) <= _MOST_DIGITS and _NUMBER.fullmatch(stripped):
        number = float(stripped.replace("_", ""))
        if math.isfinite(number):
            return number
        raise ValueError(f"a finite number was expected, not {_shown(text)}")
    raise ValueError(
        f"{_EXPECTED[_number]} was expected, not {_shown(text)}{_number_hint(stripped)}"
    )


def _number_hint(text: str) -> str:
    if text.endswith("%") and _NUMBER.fullmatch(text[:-1].strip()[:_MOST_DIGITS]):
        return f": {text} is {float(text[:-1].strip()[:_MOST_DIGITS].replace('_', '')) / 100:g}"
    if text.count(",") == 1 and _NUMBER.fullmatch(text.replace(",", ".")[:_MOST_DIGITS]):
        return ": the decimal sign is a point"
    if text.lower().lstrip("+-.") in ("inf", "infinity", "nan"):
        return ": not_finite: true finds NaN and infinity"
    return ""


def _whole(text: str) -> int:
    try:
        number = _number(text)
    except ValueError:
        number = math.nan
    if not number.is_integer():
        raise ValueError(f"{_EXPECTED[_whole]} was expected, not {_shown(text)}")
    return int(number)


def _flag(text: str) -> bool:
    found = _WORDS.get(text.strip().lower())
    if found is None:
        raise ValueError(f"{_EXPECTED[_flag]} was expected, not {_shown(text)}")
    return found


def _shown(text: str) -> str:
    return repr(printable(text, _MOST_SHOWN))


_EXPECTED: Mapping[Callable[[str], Any], str] = {
    _text: "a text",
    _number: "a number such as 0.99 or 1e3",
    _whole: "a whole number such as 3",
    _flag: "true or false",
}
_READERS: Mapping[str, Callable[[str], Any]] = {
    "below": _number,
    "above": _number,
    "critical_factor": _number,
    "for": _whole,
    "clear_for": _whole,
    "not_finite": _flag,
}
