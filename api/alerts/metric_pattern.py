"""Which metrics a rule is about: a name, in which each * stands for any characters of one part."""

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
        return re.compile("([^/]*)".join(map(re.escape, self.text.split("*"))))

    def match(self, name: str) -> tuple[str, ...] | None:
        """What the wildcards stand for in `name`; None where it is another metric."""
        if not self.num_wildcards:
            return () if name == self.text else None
        found = self._expression.fullmatch(name)
        return None if found is None else found.groups()

    def filled(self, stands_for: tuple[str, ...]) -> str:
        """The name that results where the wildcards stand for that, in their order."""
        first, *rest = self.text.split("*")
        # Fewer wildcards than parts leave the last parts out.
        return first + "".join(part + text for part, text in zip(stands_for, rest, strict=False))
