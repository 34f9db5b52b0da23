"""Guesses which class a user looks for."""

from collections.abc import Sequence

from training.tables.words import words

_NEGATIVE_WORDS = frozenset(
    [
        *("0", "absent", "background", "benign", "control", "fa", "fail", "failed", "false", "fp"),
        *("healthy", "n", "neg", "negative", "never", "no", "non", "none", "normal", "not"),
        *("other", "refuted", "rejected", "without"),
    ]
)


def positive_class(classes: Sequence[str]) -> str:
    """The class that the rows to be ranked may turn out to be.

    That of `only_positive`; without one, it is the last in the order of codes, as scikit-learn has
    it.
    """
    return only_positive(classes) or classes[-1]


def only_positive(classes: Sequence[str]) -> str | None:
    """The only class whose name has no word such as `false`, `no`, `benign` or `0`, if there is one."""
    positive = [name for name in classes if not _NEGATIVE_WORDS & set(words(name))]
    return positive[0] if len(positive) == 1 else None
