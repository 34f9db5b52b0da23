"""Reads from the name of a column that it may hold the answer, or when and by whom it was written."""

from collections.abc import Sequence
from enum import StrEnum

from training.tables.words import words

MIN_CHARS = 4
"""Shorter words are in too many names to say anything."""
MAX_SHARED = 4
"""If more columns have the word of the target, it is no evidence."""

_GENERIC = frozenset(
    [
        *("class", "label", "target", "type", "value", "name", "status", "code", "flag", "score"),
        *("result", "group", "number", "category", "level", "rate", "index", "data", "total"),
    ]
)
_EARLIER = frozenset(
    ["last", "previous", "prev", "prior", "past", "lag", "lagged", "earlier", "before", "ago"]
)
"""A value from before is known in time, so that its name is no evidence."""

_JUDGEMENTS = (
    *("flag", "score", "prob", "proba", "probability", "pred", "predicted", "prediction"),
    *("confidence", "likelihood", "verdict", "decision", "decided", "disposition", "vet"),
    *("vetted", "vetting", "review", "reviewed", "comment", "remark", "annotation", "conclusion"),
    *("assessment", "judgement", "judgment", "outcome", "approved", "rejected", "confirmed"),
)
_PROVENANCE = (
    *("created", "creation", "updated", "update", "modified", "edited", "inserted", "uploaded"),
    *("loaded", "imported", "exported", "entered", "provenance", "prov", "ref", "refname"),
    *("reference", "citation", "file", "filename", "folder", "deliv", "delivname"),
    *("annotator", "reviewer", "submitted"),
)
"""Publication and version are left out: films and programs have them."""
_OTHERS = frozenset(["profile", "preview", "preference", "underscore"])
"""Words that end like one of those and mean something else."""


class NameEvidence(StrEnum):
    """What a name says about a column."""

    TARGET = "target"
    """It has the name of the target, or its last word."""
    JUDGEMENT = "judgement"
    """It holds what a person or a model concluded about the row."""
    PROVENANCE = "provenance"
    """It tells when, where or by whom the row was written."""


def evidence_of_names(columns: Sequence[str], target: str) -> dict[str, frozenset[NameEvidence]]:
    """What the name of each column says.

    The target's word is the last one of its name that says something: `disposition` in
    `koi_disposition`. `koi_pdisposition`, `disposition_code` and `disp_prov` have it, unless more
    than MAX_SHARED columns do. `last_disposition` says nothing, because it is from before.
    """
    sharing = {column for column in columns if _names_target(column, target)}
    if len(sharing) > MAX_SHARED:
        sharing = set()
    return {column: _evidence(words(column), column in sharing) for column in columns}


def _evidence(own: Sequence[str], names_target: bool) -> frozenset[NameEvidence]:
    found = set()
    is_earlier = bool(set(own) & _EARLIER)
    if names_target and not is_earlier:
        found.add(NameEvidence.TARGET)
    if any(_is_of(word, _JUDGEMENTS) for word in own) and not is_earlier:
        found.add(NameEvidence.JUDGEMENT)
    if any(_is_of(word, _PROVENANCE) for word in own):
        found.add(NameEvidence.PROVENANCE)
    return frozenset(found)


def _names_target(column: str, target: str) -> bool:
    whole, own = "".join(words(target)), words(column)
    if len(whole) >= MIN_CHARS and whole in "".join(own):
        return True
    keys = [word for word in words(target) if len(word) >= MIN_CHARS and word not in _GENERIC]
    if not keys:
        return False
    key = keys[-1]
    return any(
        len(word) >= MIN_CHARS
        and (word.startswith(key) or word.endswith(key) or key.startswith(word))
        for word in own
        if word not in _GENERIC
    )


def _is_of(word: str, known: tuple[str, ...]) -> bool:
    """Whether the word is one of those, or ends with a long one, as `rowupdate` and `fpflag` do."""
    if word in _OTHERS:
        return False
    return word in known or any(len(other) >= MIN_CHARS and word.endswith(other) for other in known)
