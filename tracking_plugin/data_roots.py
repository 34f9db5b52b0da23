"""Decides which paths a request may name: those in the folders of FOVEA_DATA_ROOTS."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = "FOVEA_DATA_ROOTS"
PATH_FORMAT = "path"
"""The `format` of a parameter in a JSON Schema whose value is a path."""
NOT_PATHS = ("", "random")
"""Values of such parameters that name no file: none, and weights that are drawn."""


def listed_roots(listed: object) -> object:
    """The folders of a list as in PATH, without empty entries; other values are returned as they are."""
    if not isinstance(listed, str):
        return listed
    words = (word.strip() for word in listed.split(os.pathsep))
    return tuple(Path(word).expanduser().absolute() for word in words if word)


@dataclass(frozen=True)
class DataRoots:
    """The folders that paths must be in; None allows every path."""

    folders: tuple[Path, ...] | None

    def allows(self, path: Path) -> bool:
        """Whether `path` is in one of the folders once all links are resolved."""
        if self.folders is None:
            return True
        try:
            found = path.resolve()
            return any(found.is_relative_to(folder.resolve()) for folder in self.folders)
        except (OSError, RuntimeError, ValueError):
            # A loop of links, or a name that no file can have.
            return False

    def refusal(self, text: str) -> str | None:
        """Why the path `text` is refused; None if it is allowed."""
        if "\0" in text:
            return "a path was expected, but this has a NUL character"
        if self.folders is None or text in NOT_PATHS:
            return None
        if not self.folders:
            return f"paths are refused, because no folder is allowed; list folders in {VARIABLE}"
        try:
            path = Path(text).expanduser()
        except RuntimeError:
            return "the home folder of an existing user was expected after ~"
        if path.is_absolute() and self.allows(path):
            return None
        return f"an absolute path in one of the folders of {VARIABLE} was expected"


def path_params(schema: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and value of each of `params` that is a path, according to the JSON Schema."""
    for name, field in schema.get("properties", {}).items():
        value = params.get(name)
        if isinstance(value, str) and _is_path(field):
            yield name, value


def _is_path(field: Mapping[str, Any]) -> bool:
    choices = (field, *field.get("anyOf", ()))
    return any(choice.get("format") == PATH_FORMAT for choice in choices)
