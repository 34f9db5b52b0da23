"""Loads the rules of urgency from a data file, and finds the rule of a condition."""

import re
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path

from serving.diagnosis.urgency_schema import (
    ConditionRow,
    RuleRow,
    UrgencyRows,
    normalised,
    parse_rows,
)
from serving.images.image import Modality
from training.errors import DataError
from training.file_kind import NotAFileError, read_file
from training.taxonomies.plain_yaml import MAX_FILE_BYTES

INTERNATIONAL = "international"
BUILT_IN = "urgency.yaml"
_COMMENT = re.compile(rb"#+[ \t]*([^\s].*)")


@dataclass(frozen=True, kw_only=True)
class UrgencyRules:
    """Conditions, their classes and their rules. `signature` is the first line of the file."""

    signature: str
    rows: UrgencyRows

    @cached_property
    def _by_class(self) -> dict[str, ConditionRow]:
        return {normalised(name): row for row in self.rows.conditions for name in row.classes}

    @cached_property
    def _by_critical(self) -> dict[str, ConditionRow]:
        return {
            normalised(name): row
            for row in self.rows.conditions
            for name in row.critical_conditions
        }

    def condition_of_class(self, class_name: str) -> ConditionRow:
        """The condition that the class belongs to; one of its own, without a rule, if none names it."""
        found = self._by_class.get(normalised(class_name))
        return found or ConditionRow(id=class_name, label=class_name.replace("_", " "))

    def condition_of_critical(self, name: str) -> ConditionRow | None:
        """The condition that a taxonomy calls `name`; None if no condition names it."""
        return self._by_critical.get(normalised(name))

    def rule_for(
        self, condition: ConditionRow, *, jurisdiction: str, modality: Modality | None
    ) -> RuleRow | None:
        """The rule of the jurisdiction, else of the country that it is a part of, else an international one.

        Without a jurisdiction, the condition's first rule. None if no rule can be cited for images
        of this modality.
        """
        rules = [
            rule
            for rule in self.rows.rules
            if rule.condition == condition.id and rule.modality in (None, modality)
        ]
        if not jurisdiction:
            return rules[0] if rules else None
        wanted = jurisdiction.casefold()
        for name in (wanted, wanted.partition("-")[0], INTERNATIONAL):
            for rule in rules:
                if rule.jurisdiction.casefold() == name:
                    return rule
        return None

    def level_of(self, rule: RuleRow) -> str:
        """The first level whose number of days is not exceeded by the rule's."""
        levels = sorted(self.rows.levels, key=lambda item: item.within_days)
        return next(item.level for item in levels if rule.within_days <= item.within_days)


def built_in_rules() -> UrgencyRules:
    """The rules of urgency.yaml beside this module."""
    content = (resources.files("serving.diagnosis") / BUILT_IN).read_bytes()
    return parse_rules(content, origin=BUILT_IN)


def load_rules(path: Path) -> UrgencyRules:
    """The rules in a file. Raises DataError with every error, by file, line and field."""
    try:
        content = read_file(path, MAX_FILE_BYTES + 1)
    except (OSError, ValueError, NotAFileError):
        raise DataError(
            f"{path}: expected rules of urgency, but the file cannot be read."
        ) from None
    return parse_rules(content, origin=str(path))


def parse_rules(content: bytes, *, origin: str) -> UrgencyRules:
    """The rules in the YAML text. Raises DataError with every error, by line and field."""
    if len(content) > MAX_FILE_BYTES:
        raise DataError(f"{origin}: expected at most {MAX_FILE_BYTES:,} bytes of rules.")
    first = _COMMENT.match(content)
    if first is None:
        raise DataError(
            f"{origin}:1: the first line: expected a comment that says which clinician has signed the "
            'rules, such as "# No clinician has signed these rules."'
        )
    rows = parse_rows(content, origin=origin)
    signature = first.group(1).decode("utf-8").strip()
    return UrgencyRules(signature=signature, rows=rows)
