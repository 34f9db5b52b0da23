"""Names of classes: in one Unicode form, and as parts of the names of MLflow metrics."""

import hashlib
import re
import unicodedata

MAX_NAME_CHARS = 200

_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""Invisible characters that words of some scripts, such as Hindi and Persian, need."""
_REFUSED_BY_MLFLOW = re.compile(r"[^\w.\- :]")
"""MLflow checks names of metrics with Python's `re`, whose `\\w` has no combining characters."""


def composed(name: str) -> str:
    """`name` in Unicode's form NFC, so that equal-looking names are equal.

    macOS and Windows, or two tools on one of them, write an accent in different forms.
    """
    return unicodedata.normalize("NFC", name)


def name_problem(name: str) -> str | None:
    """Why `name` cannot name a class; None if it can."""
    if not all(map(_is_allowed, name)):
        return "expected only letters, digits, '_', '-', '.', ':' and spaces"
    if name.strip() != name or name in ("", ".", ".."):
        return "expected a name without spaces around it"
    if len(name) > MAX_NAME_CHARS:
        return f"expected a name of at most {MAX_NAME_CHARS} characters"
    return None


def _is_allowed(character: str) -> bool:
    is_word = _REFUSED_BY_MLFLOW.match(character) is None
    return is_word or character in _JOINERS or unicodedata.category(character).startswith("M")


def metric_part(class_name: str) -> str:
    """The class in the name of a metric, as in `per_class/<part>`.

    It is the name itself where MLflow accepts that. Otherwise each combining character, such as a
    vowel sign of Hindi, becomes `_`, and the beginning of the name's SHA-256 follows, so that no two
    classes share a metric.
    """
    accepted = _REFUSED_BY_MLFLOW.sub("_", class_name)
    if accepted == class_name:
        return class_name
    return f"{accepted}_{hashlib.sha256(class_name.encode()).hexdigest()[:8]}"
