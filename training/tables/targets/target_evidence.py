"""Weighs how much speaks for a column to be the one that a user wants to predict."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from training.tables.columns.column_profile import ColumnProfile
from training.tables.descriptions import ColumnKind
from training.tables.targets.problem_type import says_classes
from training.tables.targets.undecided_labels import are_dispositions, have_confirmed_planets
from training.tables.words import words

MIN_POINTS = 30
"""Less evidence is a guess, so the user is asked."""
MIN_LEAD = 15
"""With less of a lead over the next column, the user is asked."""

_STRONG_LABELS = ("target", "label", "class", "y", "outcome", "disposition", "disp", "diagnosis")
_WEAK_LABELS = (
    *("status", "category", "result", "response", "type", "species", "survived", "churn"),
    *("churned", "default", "fraud", "grade", "quality", "output", "group"),
)
_LABELS = dict.fromkeys(_STRONG_LABELS, 40) | dict.fromkeys(_WEAK_LABELS, 20)
_GENERIC = ("target", "label", "class", "y")
_FEATURES = re.compile(
    r"\b(from|using|based on|given|according to|depending on|by means of|with the help of)\b",
    re.IGNORECASE,
)
_TO_PREDICT = re.compile(
    r"\b(predict|classify|estimate|forecast|target|detect|diagnose|determine|tell|find)\w*\b",
    re.IGNORECASE,
)
_STOP_WORDS = frozenset(
    [
        *("a", "an", "the", "of", "to", "and", "or", "in", "on", "is", "are", "be", "for", "which"),
        *("what", "if", "it", "out", "find", "predict", "whether", "how", "who", "with", "by"),
        *("this", "that", "these", "will", "can", "not", "no", "yes", "data", "table", "from"),
    ]
)
_ERROR_WORDS = frozenset(["err", "error", "lim", "limit", "std", "sigma", "uncertainty"])
_BETWEEN_WORDS = r"[\W_]+"
_MAX_LABELS = 100
_MAX_DESCRIPTION_CHARS = 2000


@dataclass(frozen=True)
class Reason:
    """One thing that speaks for a column, or with negative points against it."""

    points: int
    text: str
    is_described: bool = False
    """Whether the description says so, and not the table alone."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for a column, the strongest reason first."""

    column: str
    has_classes: bool
    found: tuple[Reason, ...]

    @property
    def points(self) -> int:
        return sum(reason.points for reason in self.found)

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(reason.text for reason in self.found if reason.points > 0)

    def fits(self, description: "Description") -> bool:
        """Whether the description supports the column, or says nothing that could.

        `Predict the radius` does not support a column `disposition`. It is no argument against
        one that is called `target`.
        """
        if not description.words or any(reason.is_described for reason in self.found):
            return True
        if words(self.column)[-1:] in [[name] for name in _GENERIC]:
            return True
        return self.has_classes and description.says_classes


class Description:
    """The sentence in which a user says what is to be found out, read for the columns of a table."""

    def __init__(self, text: str, columns: Iterable[str]) -> None:
        text = text[:_MAX_DESCRIPTION_CHARS]
        self.says_classes = says_classes(text)
        self.words = frozenset(words(text)) - _STOP_WORDS
        features = _FEATURES.search(text)
        end = len(text) if features is None else features.start()
        verb = _TO_PREDICT.search(text)
        begin = 0 if verb is None else verb.end()
        mentions = {name: _mentions(name, text.lower()) for name in columns}
        self._named = {name for name, found in mentions.items() if any(at < end for at in found)}
        self._inputs = {name for name, found in mentions.items() if found} - self._named
        first = {
            name: min((at for at in mentions[name] if at >= begin), default=end)
            for name in self._named
        }
        earliest = min(first.values(), default=end)
        self._first = {name for name, at in first.items() if at == earliest < end}

    def names(self, column: str) -> bool:
        """Whether it names the column as what is to be predicted."""
        return column in self._named

    def names_first(self, column: str) -> bool:
        """Whether, after the verb, it names this column before all others."""
        return column in self._first

    def names_as_input(self, column: str) -> bool:
        """Whether it names the column only as something to predict from."""
        return column in self._inputs


def _mentions(column: str, text: str) -> list[int]:
    """Where the text, in lower case, has the name of the column, with any marks between words."""
    if len(column) > len(text):
        return []
    parts = [re.escape(part) for part in re.split(r"[\W_]+", column.lower()) if part]
    if len("".join(parts)) < 3:
        # The name `a` is also an article, so it counts only in quotes.
        pattern = rf"[`'\"]{re.escape(column.lower())}[`'\"]"
    else:
        pattern = rf"(?<![^\W_]){_BETWEEN_WORDS.join(parts)}(?:s|es)?(?!\w)"
    return [found.start() for found in re.finditer(pattern, text)]


def can_be_target(column: ColumnProfile, identifiers: Iterable[str]) -> bool:
    """Whether a column has classes or numbers to learn at all."""
    has_values = column.num_distinct > 1
    has_kind = column.kind not in (ColumnKind.EMPTY, ColumnKind.DATE, ColumnKind.TEXT)
    return has_values and has_kind and column.name not in set(identifiers)


def weigh(
    column: ColumnProfile,
    labels: Sequence[str],
    description: Description,
    *,
    is_last: bool,
) -> Evidence:
    """The evidence for a column; `is_last` says that no other column follows it.

    `labels` are the column's distinct values if it is one of categories, else empty.
    """
    has_classes = column.kind in (ColumnKind.CATEGORY, ColumnKind.BOOLEAN)
    found = [
        *_named(column.name, description),
        *_name_words(column.name, description),
        *_labels(labels, description),
    ]
    if has_classes:
        found.append(Reason(10, "it has classes"))
    if is_last:
        found.append(Reason(5, "it is the last column"))
    if description.names_as_input(column.name):
        found.append(Reason(-100, "the description names it as an input"))
    if set(words(column.name)) & _ERROR_WORDS:
        found.append(Reason(-30, "it is the error or limit of another column"))
    found.sort(key=lambda reason: -reason.points)
    return Evidence(column.name, has_classes, tuple(found))


def _named(name: str, description: Description) -> list[Reason]:
    if not description.names(name):
        return []
    found = [Reason(100, "the description names it", is_described=True)]
    if description.names_first(name):
        found.append(Reason(20, "it is the first column that the description names"))
    return found


def _name_words(name: str, description: Description) -> list[Reason]:
    own = [word for word in words(name) if not word.isdigit()]
    if not own:
        return []
    points: list[Reason] = []
    last = own[-1]
    if last in _LABELS:
        points.append(Reason(_LABELS[last], f"'{last}' is the name of a label"))
    elif any(last.endswith(label) for label in _LABELS if len(label) > 3):
        points.append(Reason(10, "its name is similar to that of a label"))
    if last in description.words:
        text = f"the description and its name have the word '{last}'"
        points.append(Reason(30, text, is_described=True))
    elif set(own) & description.words:
        text = "the description and its name have a word in common"
        points.append(Reason(15, text, is_described=True))
    return points


def _labels(labels: Sequence[str], description: Description) -> list[Reason]:
    if not 2 <= len(labels) <= _MAX_LABELS:
        return []
    points: list[Reason] = []
    if are_dispositions(labels):
        points.append(Reason(40, "its values are dispositions of exoplanets"))
        if have_confirmed_planets(labels) and description.words & {"planet", "exoplanet"}:
            text = "its values tell confirmed planets from others"
            points.append(Reason(15, text, is_described=True))
    shared = {word for label in labels for word in words(label)} & description.words
    if shared:
        text = "the description has words of its values"
        points.append(Reason(20, text, is_described=True))
    return points
