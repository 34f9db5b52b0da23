"""Reads a small YAML file that someone else may have chosen: in bounded time, quoting none of it."""

from pathlib import Path
from typing import Any

import yaml

from training.errors import DataError
from training.file_kind import NotAFileError, read_file

MAX_FILE_BYTES = 64 * 1024
"""A taxonomy of 1,000 classes has less; PyYAML reads this in half a second."""

MAX_DEPTH = 20
"""Of lists and mappings in one another."""
MAX_VALUES = 50_000
"""A few lines of aliases can stand for billions of values."""

# The parser in C is ten times as fast; PyYAML's wheels have it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _RefusedError(Exception):
    """A construct that is allowed in YAML, but not here; with its line."""


def read_yaml(path: Path, *, expected: str) -> object:
    """The values in the file at `path`. Raises DataError, which names the file and the line only."""
    try:
        content = read_file(path, MAX_FILE_BYTES + 1)
    except NotAFileError:
        raise DataError(f"{path}: expected {expected}, but this is no regular file.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no valid path"
        raise DataError(f"{path}: expected {expected}, but it cannot be read: {reason}.") from None
    if len(content) > MAX_FILE_BYTES:
        raise DataError(
            f"{path}: expected {expected} of at most {MAX_FILE_BYTES:,} bytes, but it is longer."
        )
    return parse_yaml(content, origin=str(path), expected=expected)


def parse_yaml(content: bytes, *, origin: str, expected: str) -> object:
    """The values in `content`. Raises DataError that names `origin` and the line."""
    try:
        return _load(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise DataError(f"{origin}: expected {expected} in UTF-8, but this is not UTF-8.") from None
    except _RefusedError as error:
        raise DataError(f"{origin}: expected {expected}, but {error}.") from None
    except yaml.MarkedYAMLError as error:
        # The message of the error quotes the file.
        line = "" if error.problem_mark is None else f" in line {error.problem_mark.line + 1}"
        raise DataError(f"{origin}: expected {expected}, but this is not YAML{line}.") from None
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError):
        # PyYAML raises these for values such as `!!timestamp x` or a number of 5,000 digits.
        raise DataError(f"{origin}: expected {expected}, but a value in it is invalid.") from None


def _load(text: str) -> object:
    size = _Size()
    for event in yaml.parse(text, Loader=_LOADER):
        size.add(event)
    return yaml.load(text, Loader=_LOADER)  # noqa: S506, the loader is a safe one


class _Size:
    """Counts the values of a document while it is parsed, each as often as aliases repeat it."""

    def __init__(self) -> None:
        self._open: list[tuple[str | None, int]] = []
        """Anchor of each open list or mapping, and the number of values before it."""
        self._num_values = 0
        self._anchored: dict[str, int] = {}

    def add(self, event: yaml.Event) -> None:
        """Raises _RefusedError if the document becomes too large or too deep."""
        if isinstance(event, yaml.AliasEvent):
            self._num_values += self._anchored.get(event.anchor or "", MAX_VALUES)
        elif isinstance(event, yaml.ScalarEvent):
            self._num_values += 1
            self._close(event.anchor, 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open.append((event.anchor, self._num_values))
            self._num_values += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = self._open.pop()
            self._close(anchor, self._num_values - before)
        line = 1 if event.start_mark is None else event.start_mark.line + 1
        if len(self._open) > MAX_DEPTH:
            raise _RefusedError(f"line {line} is nested too deeply")
        if self._num_values > MAX_VALUES:
            raise _RefusedError(f"there are more than {MAX_VALUES:,} values up to line {line}")

    def _close(self, anchor: str | None, num_values: int) -> None:
        if anchor is not None:
            self._anchored[anchor] = num_values
