"""Classifies a metric by its name: role, split, direction, and the chart that it belongs to.

Names that Fovea knows are in the metric catalogue. The names of other programs, such as train_loss
(PyTorch Lightning), eval/loss (Hugging Face), val_accuracy (Keras) or validation-logloss (XGBoost),
are split into words, which are looked up in tables. Names are untrusted: the work is linear in the
length of a name, of which the first MAX_CHARS characters count.

The dashboard has the same algorithm in metrics/classifier.ts, with the tables of the catalogue.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from api.runs.metric_catalog import METRIC_CATALOG
from api.runs.metric_roles import Direction, Role, Split
from api.runs.metric_words import METRIC_WORDS, MetricTerm

MAX_CHARS = 250
"""MLflow's limit."""

_NUM_CACHED = 32_768
_MOST_PIECES = 8
_LONGEST_PHRASE = 3

# Letters outside ASCII belong to words, which then are in no table.
_PART = re.compile(r"[A-Za-z0-9\u0080-\U0010ffff]+")
_INNER_CAPITAL = re.compile(r"([a-z0-9])([A-Z])")
_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class MetricClass:
    """Metrics of the same `group` and `measure` share a chart; without a group, it has no section."""

    role: Role
    split: Split
    direction: Direction
    group: str | None
    measure: str


@lru_cache(maxsize=_NUM_CACHED)
def classify(name: str) -> MetricClass:
    """The class of any name; `Role.OTHER` without a direction if nothing is known about it."""
    known = METRIC_CATALOG.by_name.get(name)
    if known is not None:
        measure = known.group or name
        return MetricClass(known.role, known.split, known.direction, known.group, measure)
    family = METRIC_CATALOG.family_of(name)
    if family is not None:
        measure = family.group or name
        return MetricClass(family.role, Split.NONE, family.direction, family.group, measure)
    return _classify_words(name[:MAX_CHARS])


def is_whole_loss(name: str, *splits: Split) -> bool:
    """Whether it is the loss that a training minimises, on one of `splits`, and not a part of it."""
    found = classify(name)
    is_loss = found.role is Role.LOSS and found.direction is Direction.LOWER
    return is_loss and found.measure == "loss" and found.split in splits


class _Match(NamedTuple):
    rank: int
    first: int
    end: int


def _classify_words(name: str) -> MetricClass:
    words = [word for part in _PART.findall(name) for word in _words_of(part)]
    split, words = _without_split(words)
    words = _without_granularity(words)
    if words == ["epoch"]:
        return MetricClass(Role.EPOCH, split, Direction.NONE, None, "epoch")
    matches = _matches(words)
    match = min(matches, default=None)
    other = MetricClass(Role.OTHER, split, Direction.NONE, None, " ".join(words) or name)
    if match is None:
        return other
    term = METRIC_WORDS.terms[match.rank]
    # A name such as number/loss may still be a loss, whose NaN must raise an alert.
    is_count = term.role is not Role.LOSS and any(word in _COUNTS for word in words)
    if is_count or _is_setting(words, matches, match):
        return other
    is_undirected = any(word in _UNDIRECTED for word in _uncovered(words, matches))
    direction = Direction.NONE if is_undirected else term.direction
    is_plain = all(word in _PLAIN or word in _PLAIN_OF[match.rank] for word in words)
    is_shared = term.measure is not None and (term.is_one_chart or is_plain)
    measure = term.measure if term.measure is not None and is_shared else other.measure
    return MetricClass(term.role, split, direction, term.group, measure)


def _words_of(part: str) -> list[str]:
    """The words of a part without separators: valLoss and valloss are both val and loss."""
    word = part.lower()
    if _is_known(word):
        return [word]
    pieces = _INNER_CAPITAL.sub(r"\1 \2", part).lower().split(" ")
    if len(pieces) > 1:
        return _with_known_end(pieces) if len(pieces) <= _MOST_PIECES else pieces
    if word.startswith(_SPLIT_PREFIXES):
        for split_word in _SPLIT_PREFIXES:
            if word.startswith(split_word) and _is_known(rest := word[len(split_word) :]):
                return [split_word, rest]
    return [word]


def _with_known_end(pieces: list[str]) -> list[str]:
    """The pieces, the last ones as one word if there is one: IoU and F1Score are no two words."""
    for start in range(1, len(pieces)):
        if _is_known(joined := "".join(pieces[start:])):
            return [*pieces[:start], joined]
    return pieces


def _without_split(words: list[str]) -> tuple[Split, list[str]]:
    """The split that the words name, and the others; words of two splits name none."""
    named = {_SPLIT_OF[word] for word in words if word in _SPLIT_OF}
    if len(named) != 1:
        return Split.NONE, words
    rest: list[str] = []
    is_after_split = False
    for word in words:
        is_split = word in _SPLIT_OF
        # The number of a data set, as in valid_0.
        is_number = is_after_split and _NUMBER.fullmatch(word) is not None
        if not is_split and not is_number:
            rest.append(word)
        is_after_split = is_split
    return named.pop(), rest


def _without_granularity(words: list[str]) -> list[str]:
    """Without the step or epoch of train_loss_step and epoch_loss; a name of nothing else keeps one."""
    first, end = 0, len(words)
    while end - first > 1 and words[end - 1] in _GRANULARITY:
        end -= 1
    while end - first > 1 and words[first] in _GRANULARITY:
        first += 1
    return words[first:end]


def _matches(words: Sequence[str]) -> list[_Match]:
    """The terms in the words; of overlapping ones, the longest from the left."""
    matches = []
    first = 0
    while first < len(words):
        rank, end = _longest(words, first)
        if rank is not None:
            matches.append(_Match(rank, first, end))
        first = end
    return matches


def _longest(words: Sequence[str], first: int) -> tuple[int | None, int]:
    """The rank of the longest term that begins with the word `first`, and its end."""
    word = words[first]
    if word in _PHRASE_BEGINNINGS:
        for end in range(min(first + _LONGEST_PHRASE, len(words)), first + 1, -1):
            if (rank := _RANK_OF.get(" ".join(words[first:end]))) is not None:
                return rank, end
    rank = _RANK_OF.get(word)
    if rank is None and word in _RANK_ALONE:
        rank = _rank_alone(words, first)
    return _rank_by_suffix(word) if rank is None else rank, first + 1


def _rank_alone(words: Sequence[str], index: int) -> int | None:
    others = (word for other, word in enumerate(words) if other != index)
    is_alone = all(word in _PLAIN or _NUMBER.fullmatch(word) is not None for word in others)
    return _RANK_ALONE[words[index]] if is_alone else None


def _rank_by_suffix(word: str) -> int | None:
    return next((rank for suffix, rank in _SUFFIXES if word.endswith(suffix)), None)


def _is_setting(words: Sequence[str], matches: Sequence[_Match], match: _Match) -> bool:
    """Whether the name is that of a setting or a statistic, such as loss_scale or loss_std."""
    after = [each for each in matches if each.end > match.end]
    covered = {index for each in after for index in range(each.first, each.end)}
    return any(
        words[index] in _SETTINGS for index in range(match.end, len(words)) if index not in covered
    )


def _uncovered(words: Sequence[str], matches: Sequence[_Match]) -> list[str]:
    covered = {index for each in matches for index in range(each.first, each.end)}
    return [word for index, word in enumerate(words) if index not in covered]


def _is_known(word: str) -> bool:
    return word in _RANK_OF or word in _RANK_ALONE or word in _SPLIT_OF


def _ranks(terms: Sequence[MetricTerm]) -> Mapping[str, int]:
    return {word: rank for rank, term in enumerate(terms) for word in term.words}


_SPLIT_OF: Mapping[str, Split] = {
    word: each.split for each in METRIC_WORDS.splits for word in each.words
}
_SPLIT_PREFIXES = tuple(sorted(_SPLIT_OF, key=lambda word: (-len(word), word)))
_RANK_OF = _ranks(METRIC_WORDS.terms)
_PHRASE_BEGINNINGS = frozenset(phrase.split()[0] for phrase in _RANK_OF if " " in phrase)
_RANK_ALONE = {word: rank for rank, term in enumerate(METRIC_WORDS.terms) for word in term.alone}
_SUFFIXES = [
    (suffix, rank) for rank, term in enumerate(METRIC_WORDS.terms) for suffix in term.suffixes
]
_PLAIN = frozenset(METRIC_WORDS.plain)
_PLAIN_OF = [
    frozenset(word for phrase in (*term.words, *term.alone, *term.plain) for word in phrase.split())
    for term in METRIC_WORDS.terms
]
_GRANULARITY = frozenset(METRIC_WORDS.granularity)
_SETTINGS = frozenset(METRIC_WORDS.settings)
_COUNTS = frozenset(METRIC_WORDS.counts)
_UNDIRECTED = frozenset((*METRIC_WORDS.undirected, *METRIC_WORDS.counts))
