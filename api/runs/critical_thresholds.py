"""Reads the minimum sensitivity of each critical condition from a run's parameters.

Any client can log these parameters, and MLflow cuts long ones. A threshold that is no number from 0
to 1 would silence a clinical alert: the shipped threshold counts instead, and the run says so.
"""

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tracking_plugin.critical_conditions import (
    MAX_PARAM_CHARS,
    MIN_SENSITIVITY,
    THRESHOLD_PARAMS,
)
from tracking_plugin.printable import printable

_MAX_NAMED = 3
_MAX_NAME_CHARS = 40


@dataclass(frozen=True)
class CriticalThresholds:
    """`problem` says, for the reader of the run, which thresholds could not be used and why."""

    floors: Mapping[str, float]
    problem: str | None = None


def has_thresholds(params: Collection[str]) -> bool:
    """Whether one of these parameters sets thresholds."""
    return any(name in params for name in THRESHOLD_PARAMS)


def critical_thresholds(params: Mapping[str, str]) -> Mapping[str, float]:
    """The thresholds of a run: those of its parameters, else of the shipped taxonomy."""
    return read_thresholds(params).floors


def read_thresholds(params: Mapping[str, str]) -> CriticalThresholds:
    """The thresholds of a run, and what is wrong with its parameters."""
    return _read(tuple((name, params[name]) for name in THRESHOLD_PARAMS if name in params))


@lru_cache(maxsize=256)
def _read(logged: tuple[tuple[str, str], ...]) -> CriticalThresholds:
    """Cached, because each status of a run needs it."""
    texts = dict(logged)
    if not texts:
        return CriticalThresholds(MIN_SENSITIVITY)
    parts = {name: _object(text) for name, text in texts.items()}
    limits = {key: it for part in parts.values() for key, it in (part or {}).items()}
    numbers = {key: _fraction(limit) for key, limit in limits.items()}
    usable = {key: number for key, number in numbers.items() if number is not None}
    problems = [_unreadable(name, texts[name]) for name, part in parts.items() if part is None]
    if len(usable) < len(numbers):
        problems.append(_unusable([key for key, number in numbers.items() if number is None]))
    if not problems:
        return CriticalThresholds(usable)
    return CriticalThresholds(
        {**MIN_SENSITIVITY, **usable},
        f"{'; '.join(problems)}: the shipped thresholds count instead, where there are any",
    )


def _object(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _fraction(value: Any) -> float | None:
    """The number from 0 to 1 that `value` is or says."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number <= 1 else None


def _unreadable(name: str, text: str) -> str:
    was_cut = len(text) >= MAX_PARAM_CHARS
    why = f", since MLflow has cut it after {MAX_PARAM_CHARS} characters" if was_cut else ""
    return f"The parameter {name} is no JSON object{why}"


def _unusable(names: list[str]) -> str:
    shown = ", ".join(printable(name, _MAX_NAME_CHARS) for name in names[:_MAX_NAMED])
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return f"The critical threshold of {shown}{more} is no number from 0 to 1"
