"""Finds out whether an image shows the right or the left eye: from the request, the tag or the file name."""

import re
from enum import StrEnum

from serving.images.image import Laterality

MAX_NAME_CHARS = 1024

_SIDES = {
    "od": Laterality.RIGHT,
    "r": Laterality.RIGHT,
    "right": Laterality.RIGHT,
    "os": Laterality.LEFT,
    "oi": Laterality.LEFT,
    "og": Laterality.LEFT,
    "l": Laterality.LEFT,
    "left": Laterality.LEFT,
}
"""Oculus dexter and sinister; "oi" and "og" are the left eye in Spanish and French."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
"""The words of a name: they end at digits, signs and, as in `leftEye`, at a capital letter."""
_WHOLE_WORDS = frozenset({"left", "right"})
"""Words that also count where a capital letter begins the next word, as in `leftEye`."""


class LateralitySource(StrEnum):
    REQUEST = "request"
    TAG = "tag"
    FILE_NAME = "file_name"
    UNKNOWN = "unknown"


def find_laterality(
    *, request: Laterality | None, tag: Laterality | None, file_name: str
) -> tuple[Laterality | None, LateralitySource]:
    """The first that says it: the request, the file's own tag, the file's name."""
    if request is not None:
        return request, LateralitySource.REQUEST
    if tag is not None:
        return tag, LateralitySource.TAG
    from_name = laterality_of_name(file_name)
    if from_name is not None:
        return from_name, LateralitySource.FILE_NAME
    return None, LateralitySource.UNKNOWN


def laterality_of_name(file_name: str) -> Laterality | None:
    """The side in a name such as `0212_OI_f_1.jpg`, `od_3.png`, `12_left.jpeg` or `leftEye.png`.

    A side is a whole word of the name, its folder and its ending left out; the abbreviations count
    only between digits, signs or the ends of the name. A name that says both sides, says none. The
    time grows linearly with the name, of which the last 1,024 characters are read.
    """
    stem = re.split(r"[/\\]", file_name[-MAX_NAME_CHARS:])[-1]
    stem = stem.rpartition(".")[0] or stem
    sides = {_SIDES[word.lower()] for word in _sides_of(stem)}
    return sides.pop() if len(sides) == 1 else None


def _sides_of(stem: str) -> list[str]:
    words = []
    for match in _WORD.finditer(stem):
        is_alone = not _is_letter(stem, match.start() - 1) and not _is_letter(stem, match.end())
        word = match.group().lower()
        if word in _SIDES and (is_alone or word in _WHOLE_WORDS):
            words.append(word)
    return words


def _is_letter(text: str, position: int) -> bool:
    return 0 <= position < len(text) and text[position].isalpha()
