"""Takes JSON objects from documents that any program may have written: anything else counts as empty."""

from collections.abc import Mapping
from typing import Any


def json_object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def json_objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list, without its other entries."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
