"""Reads a file of rules; what is wrong with it is said with the line and the field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from api.alerts.rules import Rule, WrittenRule
from api.errors import ApiError

LARGEST_FILE_BYTES = 1024 * 1024


class RuleFileError(ApiError):
    """All that is wrong with a file, a line each: what was expected, and where."""


@dataclass(frozen=True)
class RuleFile:
    """`without` names the built-in rules that are not wanted."""

    rules: Sequence[Rule] = ()
    without: frozenset[str] = frozenset()


def read_rules(path: Path, builtin: frozenset[str] = frozenset()) -> RuleFile:
    """The rules in the file at `path`; `builtin` are the names that `without` may list.

    RuleFileError.
    """
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise RuleFileError(f"{path}: larger than {LARGEST_FILE_BYTES:,} bytes")
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleFileError(f"{path}: cannot be read ({_why(error)})") from None
    return parse_rules(text, str(path), builtin)


def parse_rules(text: str, where: str, builtin: frozenset[str] = frozenset()) -> RuleFile:
    """The rules in `text`, which `where` names in errors."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = "" if mark is None else f":{mark.line + 1}"
        raise RuleFileError(f"{where}{line}: this is no YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise RuleFileError(f"{where}: this is no YAML: {_why(error)}") from None
    reader = _Reader()
    found = reader.file(root, builtin)
    if reader.faults:
        by_line = sorted(reader.faults, key=lambda fault: fault.line)
        raise RuleFileError("\n".join(f"{where}:{line}: {said}" for line, said in by_line))
    return found


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return str(error.strerror)
    return type(error).__name__


class _Fault(NamedTuple):
    line: int
    said: str


class _Reader:
    """Goes on after a fault, so that all of them are told at once."""

    def __init__(self) -> None:
        self.faults: list[_Fault] = []

    def file(self, root: yaml.Node | None, builtin: frozenset[str]) -> RuleFile:
        entries = self._entries(root)
        if root is not None and not entries and not self.faults:
            self._fault(root, "`rules:` with a list of rules was expected")
        rules: list[Rule] = []
        without: frozenset[str] = frozenset()
        for key, node in entries:
            if key.value == "rules":
                rules = list(self._rules(node))
            elif key.value == "without":
                without = frozenset(self._without(node, builtin))
            else:
                self._fault(key, f"`rules` or `without` was expected, not {key.value!r}")
        return RuleFile(rules, without)

    def _rules(self, node: yaml.Node) -> Iterator[Rule]:
        if not isinstance(node, yaml.SequenceNode):
            self._fault(node, "a list of rules was expected, each beginning with `- name:`")
            return
        lines: dict[str, int] = {}
        for entry in node.value:
            if not isinstance(entry, yaml.MappingNode):
                self._fault(entry, "a rule was expected, as in `- name: RAO`")
                continue
            written = self._rule(entry)
            if written is None:
                continue
            if (line := lines.get(written.name)) is not None:
                self._fault(entry, f"name: {written.name} is the name of the rule in line {line}")
                continue
            lines[written.name] = _line(entry)
            yield written.rule

    def _rule(self, node: yaml.MappingNode) -> WrittenRule | None:
        entries = self._entries(node)
        nodes = {str(key.value): value for key, value in entries}
        keys = {str(key.value): key for key, _ in entries}
        try:
            return WrittenRule.model_validate(_values(nodes))
        except (yaml.YAMLError, ValueError) as error:
            if not isinstance(error, ValidationError):
                self._fault(node, "a value in this rule is of no kind that a rule knows")
                return None
            for fault in error.errors():
                field = str(fault["loc"][0]) if fault["loc"] else ""
                at = keys.get(field, node)
                known = ", ".join(_FIELDS)
                said = (
                    f"there is no such field; there are {known}"
                    if fault["type"] == "extra_forbidden"
                    else "is missing"
                    if fault["type"] == "missing"
                    else fault["msg"].removeprefix("Value error, ")
                )
                self._fault(at, f"{field}: {said}" if field else said)
            return None

    def _without(self, node: yaml.Node, builtin: frozenset[str]) -> Iterator[str]:
        if not isinstance(node, yaml.SequenceNode):
            self._fault(node, "without: a list of built-in rules was expected")
            return
        for entry in node.value:
            if isinstance(entry, yaml.ScalarNode) and entry.value in builtin:
                yield str(entry.value)
            else:
                known = ", ".join(sorted(builtin))
                self._fault(entry, f"without: one of the built-in rules was expected: {known}")

    def _entries(self, node: yaml.Node | None) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
        """Of a mapping, its keys being words that each come once."""
        if node is None:
            return []
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, "names with values were expected, as in `name: RAO`")
            return []
        entries: dict[str, tuple[yaml.ScalarNode, yaml.Node]] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._fault(key, "a word was expected as the name of a field")
            elif key.value in entries:
                self._fault(key, f"{key.value}: stands here a second time")
            else:
                entries[key.value] = (key, value)
        return list(entries.values())

    def _fault(self, node: yaml.Node, said: str) -> None:
        self.faults.append(_Fault(_line(node), said))


_FIELDS = tuple(field.alias or name for name, field in WrittenRule.model_fields.items())


def _values(nodes: Mapping[str, yaml.Node]) -> dict[str, Any]:
    loader = yaml.SafeLoader("")
    return {name: loader.construct_object(node, deep=True) for name, node in nodes.items()}


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
