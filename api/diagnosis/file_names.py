"""Reduces the name of an uploaded file to what the diagnosis service may know: it may be a patient's name."""

import re

_LATERALITY = frozenset(
    {"od", "os", "right", "left", "r", "l", "re", "le", "rt", "lt", "droit", "droite", "gauche"}
)
_ENDINGS = frozenset(
    {
        *("dcm", "dicom", "png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "gif"),
        # Files of OCT devices, which are told apart by these.
        *("e2e", "fda", "fds", "img", "oct", "vol", "xml"),
    }
)
_BETWEEN_WORDS = re.compile(r"[^a-z]+")
_LONGEST = 1024


def harmless_name(name: str) -> str:
    """The words of `name` about the side of the eye, and its ending: `od.dcm` of `Smith_OD_2024.dcm`."""
    stem, dot, ending = name[-_LONGEST:].lower().rpartition(".")
    words = [word for word in _BETWEEN_WORDS.split(stem if dot else ending) if word in _LATERALITY]
    kept = "_".join(words[:4]) or "image"
    return f"{kept}.{ending}" if dot and ending in _ENDINGS else kept
