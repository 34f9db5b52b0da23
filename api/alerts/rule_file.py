"""Reads a file of alert rules, and reports every error with its line and field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from api.alerts.rule_values import read_value
from api.alerts.rules import Rule, WrittenRule
from api.alerts.yaml_errors import problem_of
from api.errors import ApiError

MAX_FILE_BYTES = 1024 * 1024
_MOST_SHOWN = 40


class RuleFileError(ApiError):
    """All errors of a file, one per line, each with its position and what was expected."""


@dataclass(frozen=True)
class RuleFile:
    """`without` names the built-in rules that are disabled."""

    rules: Sequence[Rule] = ()
    without: frozenset[str] = frozenset()


def read_rules(path: Path, builtin: frozenset[str] = frozenset()) -> RuleFile:
    """The rules in the file at `path`; `builtin` are the names that `without` may list.

    Raises RuleFileError if the file cannot be read or is wrong.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise RuleFileError(f"{path}: at most {MAX_FILE_BYTES:,} bytes are allowed")
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleFileError(f"{path}: cannot be read ({_reason(error)})") from None
    return parse_rules(text, str(path), builtin)


def parse_rules(text: str, where: str, builtin: frozenset[str] = frozenset()) -> RuleFile:
    """The rules in `text`; errors name it `where`."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        line, problem = problem_of(error, text)
        place = where if line is None else f"{where}:{line}"
        raise RuleFileError(f"{place}: {problem}") from None
    except RecursionError:
        raise RuleFileError(f"{where}: lists and fields are nested too deeply") from None
    reader = _Reader()
    found = reader.file(root, builtin)
    if reader.errors:
        by_line = sorted(reader.errors, key=lambda error: error.line)
        raise RuleFileError("\n".join(f"{where}:{line}: {message}" for line, message in by_line))
    return found


def _reason(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, OSError):
        return str(error.strerror)
    return "it is not UTF-8: save it as UTF-8"


class _Error(NamedTuple):
    line: int
    message: str


class _Reader:
    """Continues after an error, so that all errors are reported at once."""

    def __init__(self) -> None:
        self.errors: list[_Error] = []

    def file(self, root: yaml.Node | None, builtin: frozenset[str]) -> RuleFile:
        entries = self._entries(root)
        if root is not None and not entries and not self.errors:
            self._add_error(root, "`rules:` with a list of rules was expected")
        rules: list[Rule] = []
        without: frozenset[str] = frozenset()
        for key, node in entries:
            if key.value == "rules":
                rules = list(self._rules(node))
            elif key.value == "without":
                without = frozenset(self._without(node, builtin))
            else:
                self._add_error(key, f"`rules` or `without` was expected, not {key.value!r}")
        return RuleFile(rules, without)

    def _rules(self, node: yaml.Node) -> Iterator[Rule]:
        if _is_nothing(node):
            return
        if not isinstance(node, yaml.SequenceNode):
            self._add_error(node, "a list of rules was expected, each beginning with `- name:`")
            return
        lines: dict[str, int] = {}
        for entry in node.value:
            if not isinstance(entry, yaml.MappingNode):
                self._add_error(entry, "a rule was expected, such as `- name: RAO`")
                continue
            written = self._rule(entry)
            if written is None:
                continue
            if (line := lines.get(written.name)) is not None:
                self._add_error(
                    entry, f"name: the rule in line {line} is already named {written.name}"
                )
                continue
            lines[written.name] = _line(entry)
            yield written.rule

    def _rule(self, node: yaml.MappingNode) -> WrittenRule | None:
        entries = self._entries(node)
        keys = {str(key.value): key for key, _ in entries}
        num_errors = len(self.errors)
        values = {}
        for key, value in entries:
            try:
                values[str(key.value)] = read_value(str(key.value), value)
            except ValueError as error:
                self._add_error(key, f"{key.value}: {error}")
        if len(self.errors) > num_errors:
            return None
        try:
            given = {name: value for name, value in values.items() if value is not None}
            return WrittenRule.model_validate(given)
        except ValidationError as error:
            for details in error.errors():
                field = str(details["loc"][0]) if details["loc"] else ""
                message = _message(details)
                position = keys.get(field, node)
                self._add_error(position, f"{field}: {message}" if field else message)
        return None

    def _without(self, node: yaml.Node, builtin: frozenset[str]) -> Iterator[str]:
        if not isinstance(node, yaml.SequenceNode):
            self._add_error(node, "without: a list of built-in rules was expected")
            return
        for entry in node.value:
            if isinstance(entry, yaml.ScalarNode) and entry.value in builtin:
                yield str(entry.value)
            else:
                known = ", ".join(sorted(builtin))
                self._add_error(entry, f"without: one of the built-in rules was expected: {known}")

    def _entries(self, node: yaml.Node | None) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
        """The entries of a mapping with unique keys that are plain words."""
        if node is None:
            return []
        if not isinstance(node, yaml.MappingNode):
            self._add_error(node, "fields with values were expected, such as `name: RAO`")
            return []
        entries: dict[str, tuple[yaml.ScalarNode, yaml.Node]] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._add_error(key, "a plain word was expected as the name of a field")
            elif key.value in entries:
                self._add_error(key, f"{key.value}: duplicate field")
            else:
                entries[key.value] = (key, value)
        return list(entries.values())

    def _add_error(self, node: yaml.Node, message: str) -> None:
        self.errors.append(_Error(_line(node), message))


_FIELDS = tuple(field.alias or name for name, field in WrittenRule.model_fields.items())


def _message(details: ErrorDetails) -> str:
    limits, given = details.get("ctx", {}), details["input"]
    match details["type"]:
        case "extra_forbidden":
            message = f"unknown field; the fields are {', '.join(_FIELDS)}"
        case "missing":
            message = "is missing"
        case "string_too_short":
            message = "is empty"
        case "string_too_long":
            message = f"at most {limits['max_length']} characters are allowed"
        case "greater_than" | "greater_than_equal" | "less_than_equal":
            message = f"{given:g} is out of range: {_limit(limits)} was expected"
        case "enum":
            message = f"{limits['expected']} was expected, not {str(given)[:_MOST_SHOWN]!r}"
        case _:
            message = details["msg"].removeprefix("Value error, ")
    return message


def _limit(limits: Mapping[str, float]) -> str:
    if "gt" in limits:
        return f"more than {limits['gt']:g}"
    return f"at least {limits['ge']:g}" if "ge" in limits else f"at most {limits['le']:g}"


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value == ""


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
