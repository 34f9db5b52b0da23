"""Reduces the name of an uploaded file to what the diagnosis service may know: it may be a patient's name."""

import re

_SIDES = frozenset({"od", "r", "right", "os", "oi", "og", "l", "left"})
_WHOLE_WORDS = frozenset({"left", "right"})
"""Words that also count where a capital letter begins the next word, as in `leftEye`."""

_ENDINGS = frozenset(
    {
        *("dcm", "dicom", "png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "gif"),
        # Files of OCT devices, which are told apart by these.
        *("e2e", "fda", "fds", "img", "oct", "vol", "xml"),
    }
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LONGEST = 1024
_MOST_WORDS = 4


def harmless_name(name: str) -> str:
    """The words of `name` about the side of the eye, and its ending: `od.dcm` of `Smith_OD_2024.dcm`.

    The service finds the side in this as it would find it in `name`.
    """
    last = name[-_LONGEST:].replace("\\", "/").rpartition("/")[2]
    stem, dot, ending = last.rpartition(".")
    stem, ending = (stem, ending.lower()) if dot else (ending, "")
    kept = "_".join(_sides(stem)[:_MOST_WORDS]) or "image"
    return f"{kept}.{ending}" if ending in _ENDINGS else kept


def _sides(stem: str) -> list[str]:
    sides = []
    for match in _WORD.finditer(stem):
        before, after = stem[: match.start()][-1:], stem[match.end() :][:1]
        is_alone = not before.isalpha() and not after.isalpha()
        word = match.group().lower()
        if word in _SIDES and (is_alone or word in _WHOLE_WORDS):
            sides.append(word)
    return sides
