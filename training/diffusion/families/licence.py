"""Finds the licence of a base model, to be kept with what is trained from it."""

from pathlib import Path

from tracking_plugin.base_models import (
    CARD_FILE,
    MAX_CARD_BYTES,
    MAX_LICENCE_CHARACTERS,
    card_licence,
)
from tracking_plugin.printable import printable
from training.file_kind import read_file


def licence_note(folder: Path) -> str:
    """The licence in the front matter of README.md, or the name of a licence file; "" if unknown."""
    return card_licence(_card(folder)) or _licence_file(folder)


def _card(folder: Path) -> str:
    try:
        return read_file(folder / CARD_FILE, MAX_CARD_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""


def _licence_file(folder: Path) -> str:
    names = sorted(
        path.name
        for path in folder.iterdir()
        if path.name.lower().startswith(("license", "licence"))
    )
    return printable(f"see {names[0]}", MAX_LICENCE_CHARACTERS) if names else ""
