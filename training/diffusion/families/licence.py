"""Finds the licence of a base model, to be kept with what is trained from it."""

from pathlib import Path

from training.file_kind import read_file

CARD = "README.md"
MAX_CARD_BYTES = 2**16
MAX_NOTE_CHARACTERS = 200
FENCE = "---"


def licence_note(folder: Path) -> str:
    """The licence in the front matter of README.md, or the name of a licence file; "" if unknown."""
    fields = _front_matter(folder / CARD)
    licence = fields.get("license", "")
    name = fields.get("license_name", "")
    found = f"{licence} ({name})" if licence and name else licence or name
    return found[:MAX_NOTE_CHARACTERS] or _licence_file(folder)


def _front_matter(card: Path) -> dict[str, str]:
    """The plain `key: value` lines between the first two lines of three dashes."""
    try:
        text = read_file(card, MAX_CARD_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return {}
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != FENCE:
        return {}
    fields: dict[str, str] = {}
    for line in lines[1:]:
        if line.strip() == FENCE:
            return fields
        key, separator, value = line.partition(":")
        if separator and key in {"license", "license_name"}:
            fields[key] = "".join(filter(str.isprintable, value)).strip().strip("'\"")
    return {}


def _licence_file(folder: Path) -> str:
    names = sorted(
        path.name
        for path in folder.iterdir()
        if path.name.lower().startswith(("license", "licence"))
    )
    return f"see {names[0]}"[:MAX_NOTE_CHARACTERS] if names else ""
