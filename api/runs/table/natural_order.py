"""The order of texts of which some are numbers, as params are."""

import math
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def natural_key(text: str) -> tuple[bool, float, str]:
    """Numbers first, by their value, then texts."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    return (True, 0.0, text.casefold()) if math.isnan(number) else (False, number, text)


def in_natural_order(
    entries: Sequence[tuple[T, str | None]], *, is_descending: bool = False
) -> list[T]:
    """The entries by their text; equal ones keep their order, and those without a text come last."""
    present = [(natural_key(text), entry) for entry, text in entries if text is not None]
    present.sort(key=lambda pair: pair[0], reverse=is_descending)
    return [entry for _, entry in present] + [entry for entry, text in entries if text is None]
