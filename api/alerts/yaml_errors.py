"""Says what is wrong with a text that is no YAML, and how to mend it."""

import re

import yaml

_PLAIN_VALUE = re.compile(r"^[\s-]*(?:[^\s:#][^:#]{0,99}:\s+)?(?P<sign>[*&!%@`])")

_MENDS = (
    ("'\\t'", "indent with spaces: YAML allows no tabs"),
    (
        "mapping values are not allowed",
        'a text with ": " needs quotes, or the indentation is wrong',
    ),
    ("could not find expected ':'", "every field needs a colon and a value, such as `name: RAO`"),
    ("expected <block end>", "the fields of one rule begin in the same column"),
    ("unindent", "the fields of one rule begin in the same column"),
    ("found unexpected end of stream", "a quote or a bracket is not closed"),
    ("expected ',' or", "a bracket is not closed"),
    ("expected the node content", "a bracket is not closed, or a value is missing"),
    ("another document", "one document was expected: remove the line ---"),
)


def problem_of(error: yaml.YAMLError, text: str) -> tuple[int | None, str]:
    """The line of the error, counted from 1, and a sentence."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return _place_of_character(error, text)
    mark, problem = error.problem_mark, error.problem or error.context or "it cannot be read"
    line = None if mark is None else mark.line + 1
    mend = _mend(problem, _line_text(text, line))
    return line, f"this is no YAML: {problem}" if mend is None else f"this is no YAML: {mend}"


def _mend(problem: str, line: str) -> str | None:
    found = _PLAIN_VALUE.match(line)
    if found:
        return f'a text that begins with {found["sign"]} needs quotes, such as metric: "*/loss"'
    return next((mend for part, mend in _MENDS if part in problem), None)


def _place_of_character(error: yaml.YAMLError, text: str) -> tuple[int | None, str]:
    position = getattr(error, "position", None)
    line = None if position is None else text.count("\n", 0, position) + 1
    return line, "this is no YAML: it contains a control character"


def _line_text(text: str, line: int | None) -> str:
    lines = text.splitlines()
    return lines[line - 1][:1000] if line is not None and 0 < line <= len(lines) else ""
