"""Matches metric names against a pattern, in which * stands for any characters within one part."""

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class MetricPattern:
    """`critical/*` matches `critical/RAO`, but not `critical/RAO/left`."""

    text: str

    @property
    def num_wildcards(self) -> int:
        return self.text.count("*")

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        first, *rest = map(re.escape, self.text.split("*"))
        *inner, last = rest or [""]
        # The atomic groups make it linear: names are strangers' text, and each wildcard would
        # otherwise multiply the time by the length of a name. The first place at which a part
        # matches leaves the most to the wildcards behind it.
        parts = "".join(f"(?>([^/]*?){part})" for part in inner)
        return re.compile(f"{first}{parts}([^/]*){last}")

    def match(self, name: str) -> tuple[str, ...] | None:
        """The texts that the wildcards stand for in `name`; None if `name` does not match."""
        if not self.num_wildcards:
            return () if name == self.text else None
        found = self._expression.fullmatch(name)
        return None if found is None else found.groups()

    def filled(self, texts: tuple[str, ...]) -> str:
        """The name with the wildcards replaced by `texts`, in their order."""
        first, *rest = self.text.split("*")
        # With fewer wildcards than texts, the last texts are unused.
        return first + "".join(part + text for part, text in zip(texts, rest, strict=False))
