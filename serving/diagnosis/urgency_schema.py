"""Validates the rows of a file with rules of urgency; its errors name the line and the field."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from training.errors import DataError
from training.taxonomies.field_errors import (
    MAX_NAMED_ERRORS,
    FieldLocation,
    expectation,
    field_name,
)
from training.taxonomies.plain_yaml import parse_yaml

EXPECTED = "rules of urgency in YAML"

_Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=500)]
_Date = Annotated[str, StringConstraints(strict=True, pattern=r"^(\d{4}(-\d\d){0,2}|unknown)$")]
_Jurisdiction = Annotated[
    str, StringConstraints(strict=True, pattern=r"^(international|[A-Z]{2}(-[A-Z0-9]{1,3})?)$")
]
_Days = Annotated[int, Field(strict=True, ge=1, le=36_500)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LevelRow(_Row):
    """The level of a rule that asks for care within so many days, or fewer."""

    within_days: _Days
    level: Literal["critical", "high", "moderate", "low"]


class ConditionRow(_Row):
    """A condition, and the classes of models that stand for it."""

    id: _Text
    label: _Text
    is_normal: bool = False
    classes: tuple[_Text, ...] = ()
    critical_conditions: tuple[_Text, ...] = ()


class RuleRow(_Row):
    """The urgency of a condition in a jurisdiction, and where it is cited from."""

    condition: _Text
    jurisdiction: _Jurisdiction
    modality: Literal["fundus", "oct"] | None = None
    """Of the images that the rule holds for; None for any."""
    urgency: _Text
    within_days: _Days
    edition: _Text
    date: _Date
    source: _Text


class UrgencyRows(_Row):
    """The contents of the file."""

    levels: tuple[LevelRow, ...] = Field(min_length=1)
    conditions: tuple[ConditionRow, ...] = Field(min_length=1)
    rules: tuple[RuleRow, ...] = ()


def normalised(name: str) -> str:
    """The letters and digits of a name, so that `Dry AMD`, `dry-amd` and `DRY_AMD` are one name."""
    return re.sub(r"[\W_]+", "", name).casefold()


def parse_rows(content: bytes, *, origin: str) -> UrgencyRows:
    """The rows in the YAML text. Raises DataError with every wrong field, after origin and line."""
    values = parse_yaml(content, origin=origin, expected=EXPECTED)
    try:
        rows = UrgencyRows.model_validate(values)
    except ValidationError as error:
        raise _refusal(
            ((item["loc"], _expectation(item)) for item in error.errors()), content, origin
        ) from None
    problems = [*_repeated(rows), *_unknown(rows)]
    if problems:
        raise _refusal(problems, content, origin)
    return rows


def _repeated(rows: UrgencyRows) -> Iterator[tuple[FieldLocation, str]]:
    for field, keys in (
        ("levels", [("within_days", row.within_days) for row in rows.levels]),
        ("conditions", [("id", row.id) for row in rows.conditions]),
        ("rules", [("jurisdiction", (row.condition, row.jurisdiction)) for row in rows.rules]),
    ):
        for position, (name, key) in enumerate(keys):
            if (name, key) in keys[:position]:
                yield (field, position, name), "expected once, but a row above has it"
    for field in ("classes", "critical_conditions"):
        seen: set[str] = set()
        for position, row in enumerate(rows.conditions):
            for index, item in enumerate(getattr(row, field)):
                if normalised(item) in seen:
                    yield (
                        ("conditions", position, field, index),
                        "expected once among all conditions",
                    )
                seen.add(normalised(item))


def _unknown(rows: UrgencyRows) -> Iterator[tuple[FieldLocation, str]]:
    known = {row.id for row in rows.conditions}
    longest = max(row.within_days for row in rows.levels)
    for position, rule in enumerate(rows.rules):
        if rule.condition not in known:
            yield ("rules", position, "condition"), "expected the id of a condition above"
        if rule.within_days > longest:
            yield (
                ("rules", position, "within_days"),
                f"expected at most {longest}, the last level's",
            )


def _refusal(
    problems: Iterable[tuple[FieldLocation, str]], content: bytes, origin: str
) -> DataError:
    root = yaml.compose(content.decode("utf-8"), Loader=yaml.SafeLoader)
    lines = [
        f"{origin}:{_line(root, location)}: {field_name(location) or 'the whole file'}: {problem}"
        for location, problem in islice(problems, MAX_NAMED_ERRORS)
    ]
    return DataError("\n".join(lines))


def _line(node: Any, location: FieldLocation) -> int:
    """The line of the value, or of the nearest value around it that the file has."""
    line = 1 if node is None else node.start_mark.line + 1
    for part in location:
        node = _child(node, part)
        if node is None:
            break
        line = node.start_mark.line + 1
    return int(line)


def _child(node: Any, part: int | str) -> Any:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
        return node.value[part] if part < len(node.value) else None
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    return None


def _expectation(error: ErrorDetails) -> str:
    if error["type"] == "model_type":
        return "expected fields with values"
    return expectation(error)
