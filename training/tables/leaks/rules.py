"""Decides from the evidence about a column whether it gives the answer away."""

import math
from dataclasses import dataclass
from enum import StrEnum

from training.tables.leaks.evidence import Evidence
from training.tables.leaks.name_evidence import NameEvidence
from training.tables.printable import printable

NEAR_PERFECT = 0.995
"""Score of one column alone. The strongest honest columns of textbook tables reach 0.99 (iris)."""
NEAR_PERFECT_NUMBER = 0.9975
"""The same of a regression: a rank correlation of 0.995."""
NAMED_AS_TARGET = 0.8
"""Score from which the target's name in that of a column is evidence."""
NAMED_AS_JUDGEMENT = 0.85
"""Score from which a name such as `score` is evidence; a credit score reaches 0.75."""
MISSINGNESS = 0.7
"""Score of missingness alone. That of laboratory values, asked for by need, reaches 0.65."""
MISSINGNESS_OF_ONE_CLASS = 0.8
PROVENANCE_MARGIN = 0.05
"""By how much a serial number or time of writing must be better than chance."""
STRONG = 0.95
"""A column of this score alone is pointed out, but stays, if nothing else speaks against it."""


class LeakRule(StrEnum):
    """The rule by which a column was flagged."""

    NEAR_PERFECT = "near_perfect"
    ONE_TO_ONE = "one_to_one"
    COARSER = "coarser"
    NAME = "name"
    JUDGEMENT = "judgement"
    MISSINGNESS = "missingness"
    PROVENANCE = "provenance"
    SERIAL = "serial"
    KNOWN_TABLE = "known_table"


@dataclass(frozen=True)
class RuleMatch:
    """A rule that applies to a column, and why, as the end of a sentence about the column."""

    rule: LeakRule
    reason: str


def matches(evidence: Evidence, *, has_classes: bool) -> tuple[RuleMatch, ...]:
    """The rules that apply, the strongest first. Strength alone is no reason, short of a copy.

    - NEAR_PERFECT: the column alone predicts the target nearly without error.
    - ONE_TO_ONE: each of its values has one class, and each class one value, up to 2 % of rows.
    - COARSER: a text that is the same for nearly all rows of a class, so classes joined under
      other names. Numbers are exempt: `has_feathers` is an honest sign of a bird.
    - NAME: it has the target's name and scores at least NAMED_AS_TARGET.
    - JUDGEMENT: its name says that someone or some model concluded it, and it scores at least
      NAMED_AS_JUDGEMENT or one of its values decides a class.
    - MISSINGNESS: whether a value is missing scores at least MISSINGNESS, or
      MISSINGNESS_OF_ONE_CLASS for one class, or decides a class.
    - PROVENANCE: its name says when, where or by whom rows were written, and it scores better
      than chance.
    - SERIAL: it numbers or names the rows, and yet scores better than chance.
    """
    found = [
        *_copies(evidence, has_classes=has_classes),
        *_names(evidence),
        *_missingness(evidence),
        *_provenance(evidence),
    ]
    return tuple(found)


def is_strong(evidence: Evidence) -> bool:
    """Whether a column that no rule flags should be pointed out."""
    return evidence.value.mean >= STRONG


def chance_margin(evidence: Evidence) -> float:
    """The score above 0.5 that chance does not explain, larger in small tables."""
    return max(PROVENANCE_MARGIN, 1.5 / math.sqrt(max(evidence.num_validated, 1)))


def _copies(evidence: Evidence, *, has_classes: bool) -> list[RuleMatch]:
    found = []
    score = evidence.value.mean
    if evidence.value_mapping.is_one_to_one:
        text = "its values stand for the labels one by one"
        found.append(RuleMatch(LeakRule.ONE_TO_ONE, text))
    elif evidence.value_mapping.is_coarser and evidence.is_text:
        text = "it is nearly the same for all rows of a label, as a coarser version of it"
        found.append(RuleMatch(LeakRule.COARSER, text))
    if score >= (NEAR_PERFECT if has_classes else NEAR_PERFECT_NUMBER):
        text = f"it alone predicts the target nearly without error ({score:.3f})"
        found.append(RuleMatch(LeakRule.NEAR_PERFECT, text))
    return found


def _names(evidence: Evidence) -> list[RuleMatch]:
    found = []
    score = evidence.value.mean
    if NameEvidence.TARGET in evidence.names and score >= NAMED_AS_TARGET:
        text = f"its name has that of the target, and it alone scores {score:.3f}"
        found.append(RuleMatch(LeakRule.NAME, text))
    if NameEvidence.JUDGEMENT in evidence.names:
        said = "its name says that it was concluded about the row"
        decided = evidence.value_mapping.decides
        if score >= NAMED_AS_JUDGEMENT:
            text = f"{said}, and it alone scores {score:.3f}"
            found.append(RuleMatch(LeakRule.JUDGEMENT, text))
        elif decided is not None:
            text = f"{said}, and one of its values decides the class '{printable(decided)}'"
            found.append(RuleMatch(LeakRule.JUDGEMENT, text))
    return found


def _missingness(evidence: Evidence) -> list[RuleMatch]:
    score, mapping = evidence.missingness, evidence.missing_mapping
    if mapping.decides is not None or mapping.is_coarser:
        text = f"where it is missing tells the label ({score.best:.3f} for one class)"
    elif score.mean >= MISSINGNESS:
        text = f"where it is missing predicts the target ({score.mean:.3f})"
    elif score.best >= MISSINGNESS_OF_ONE_CLASS:
        text = f"where it is missing predicts one class ({score.best:.3f})"
    else:
        return []
    return [RuleMatch(LeakRule.MISSINGNESS, text)]


def _provenance(evidence: Evidence) -> list[RuleMatch]:
    score = max(evidence.value.mean, evidence.missingness.mean)
    if score < 0.5 + chance_margin(evidence):
        return []
    found = []
    if NameEvidence.PROVENANCE in evidence.names:
        kind = "when" if evidence.is_date else "when, where or by whom"
        text = f"it tells {kind} a row was written, and yet scores {score:.3f}"
        found.append(RuleMatch(LeakRule.PROVENANCE, text))
    if evidence.serial is not None:
        text = f"{evidence.serial}, and yet it scores {score:.3f}"
        found.append(RuleMatch(LeakRule.SERIAL, text))
    return found
