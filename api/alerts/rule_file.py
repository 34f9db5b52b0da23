"""Reads a file of alert rules, and reports every error with its line and field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from api.alerts.rules import Rule, WrittenRule
from api.errors import ApiError

MAX_FILE_BYTES = 1024 * 1024


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
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = "" if mark is None else f":{mark.line + 1}"
        raise RuleFileError(f"{where}{line}: this is no YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise RuleFileError(f"{where}: this is no YAML: {_reason(error)}") from None
    reader = _Reader()
    found = reader.file(root, builtin)
    if reader.errors:
        by_line = sorted(reader.errors, key=lambda error: error.line)
        raise RuleFileError("\n".join(f"{where}:{line}: {message}" for line, message in by_line))
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return str(error.strerror)
    return type(error).__name__


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
        nodes = {str(key.value): value for key, value in entries}
        keys = {str(key.value): key for key, _ in entries}
        try:
            return WrittenRule.model_validate(_values(nodes))
        except ValidationError as error:
            for details in error.errors():
                field = str(details["loc"][0]) if details["loc"] else ""
                message = _message(details)
                position = keys.get(field, node)
                self._add_error(position, f"{field}: {message}" if field else message)
        except (yaml.YAMLError, ValueError):
            self._add_error(node, "a value in this rule has a type that no field accepts")
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
    match details["type"]:
        case "extra_forbidden":
            return f"unknown field; the fields are {', '.join(_FIELDS)}"
        case "missing":
            return "is missing"
        case _:
            return details["msg"].removeprefix("Value error, ")


def _values(nodes: Mapping[str, yaml.Node]) -> dict[str, Any]:
    loader = yaml.SafeLoader("")
    return {name: loader.construct_object(node, deep=True) for name, node in nodes.items()}


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
