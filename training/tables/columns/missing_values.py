"""Decides which cells of a text column say that a value is missing."""

import re
from collections.abc import Mapping

MISSING_MARKERS = frozenset(
    [
        *("", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "nil", "-", "--", "?"),
        *("<na>", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"),
    ]
)
"""Of number, date and boolean columns, in lower case."""

MIN_CODES = 3
"""Other codes that a column must have before `NA` counts as one of them."""
MIN_CODE_SHARE = 0.9

_CODE = re.compile(r"[A-Z]{2,3}")


def markers_that_are_categories(counts: Mapping[str, int]) -> dict[str, str]:
    """The markers that are values in a text column, each with the reason.

    `counts` has the number of cells of each distinct text. The rules:

    - `NA` is a value where it stands among codes: at least MIN_CODES other distinct values, of
      whose cells at least MIN_CODE_SHARE are codes of two or three capitals (countries: DE, US,
      NA for Namibia).
    - `none` is a value wherever the column has other values: a grade such as `none`, `mild`.
    - `-` is a value where `+` is one.
    """
    others = {text: n for text, n in counts.items() if text.lower() not in MISSING_MARKERS}
    if not others:
        return {}
    found = {}
    num_codes = sum(n for text, n in others.items() if _CODE.fullmatch(text))
    if (
        "NA" in counts
        and len(others) >= MIN_CODES
        and num_codes >= MIN_CODE_SHARE * sum(others.values())
    ):
        found["NA"] = "it stands among codes of capital letters"
    for marker in sorted(counts):
        if marker.lower() == "none":
            found[marker] = "in a column of categories it is one"
    if "-" in counts and "+" in others:
        found["-"] = "the column also has +"
    return found
