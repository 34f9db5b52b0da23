"""Flags columns by the rules and by what is known of a table, and names those that name rows."""

from collections.abc import Collection, Mapping, Sequence

from training.tables.descriptions import TypedTable
from training.tables.leaks.evidence import Evidence
from training.tables.leaks.known_tables import KnownTable, reason_for, recognise
from training.tables.leaks.rules import LeakRule, RuleMatch, matches

MIN_MISSING_SHARE = 0.01
"""A known leak by missingness counts from this share of missing cells on."""


class Flags:
    """The flagged columns of a table, among those that may be features."""

    def __init__(self, typed: TypedTable, target: str, features: Sequence[str]) -> None:
        self._typed = typed
        self._features = features
        known = recognise(typed.table.column_names)
        # With another target, what is known of the label says nothing.
        self.known: KnownTable | None = (
            known if known is not None and known.label == target else None
        )

    @property
    def known_columns(self) -> tuple[str, ...]:
        """Features about which something is known."""
        if self.known is None:
            return ()
        patterns = {**self.known.leaks, **self.known.missingness}
        return tuple(name for name in self._features if reason_for(name, patterns) is not None)

    def matches(
        self, evidence: Mapping[str, Evidence], *, has_classes: bool
    ) -> dict[str, tuple[RuleMatch, ...]]:
        """The rules that apply to each flagged column, in the order of the table."""
        flagged = {}
        for name in self._features:
            item = evidence.get(name)
            by_rule = () if item is None else matches(item, has_classes=has_classes)
            if found := (*by_rule, *self._known_matches(name)):
                flagged[name] = found
        return flagged

    def row_names(
        self, given: Collection[str], evidence: Mapping[str, Evidence]
    ) -> tuple[str, ...]:
        """The features that only name rows: those given, known, or found by their values."""
        known = () if self.known is None else self.known.identifiers
        serial = {name for name, item in evidence.items() if item.serial is not None}
        return tuple(
            name for name in self._features if name in given or name in known or name in serial
        )

    def _known_matches(self, name: str) -> list[RuleMatch]:
        if self.known is None:
            return []
        reasons = [reason_for(name, self.known.leaks)]
        share = self._typed.column(name).num_missing / self._typed.table.num_rows
        if MIN_MISSING_SHARE <= share < 1:
            reasons.append(reason_for(name, self.known.missingness))
        return [
            RuleMatch(LeakRule.KNOWN_TABLE, f"in the table of {self.known.title}: {reason}")
            for reason in reasons
            if reason is not None
        ]
