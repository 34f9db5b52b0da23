"""Knows labels that say that nobody has decided yet, by name."""

from collections.abc import Iterable

_UNDECIDED = frozenset(
    [
        *("candidate", "pc", "apc", "planet candidate", "ambiguous planet candidate"),
        *("unknown", "undecided", "uncertain", "unclear", "pending", "open", "tbd"),
        *("indeterminate", "inconclusive", "ambiguous", "not dispositioned", "unlabelled"),
        *("unlabeled", "unclassified", "suspect"),
    ]
)
CONFIRMED_PLANETS = frozenset(["confirmed", "cp", "kp", "confirmed planet", "known planet"])
_NO_PLANETS = frozenset(["false positive", "fp", "fa", "false alarm", "refuted"])
_CANDIDATES = frozenset(["candidate", "pc", "apc", "not dispositioned"])


def undecided_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Those labels of a target that are undecided, such as CANDIDATE; none if fewer than two stay.

    Two classes at least must be decided, or there is nothing to learn.
    """
    labels = tuple(labels)
    found = tuple(label for label in labels if _plain(label) in _UNDECIDED)
    return found if len(labels) - len(found) >= 2 else ()


def are_dispositions(labels: Iterable[str]) -> bool:
    """Whether all labels are those of the exoplanet archive and of TESS's follow-up programme."""
    plain = {_plain(label) for label in labels}
    return len(plain) > 1 and plain <= CONFIRMED_PLANETS | _NO_PLANETS | _CANDIDATES


def have_confirmed_planets(labels: Iterable[str]) -> bool:
    return any(_plain(label) in CONFIRMED_PLANETS for label in labels)


def _plain(label: str) -> str:
    return " ".join(label.lower().replace("_", " ").split())
