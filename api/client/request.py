"""The parts of a request to the server: its path, its query, its body and its timeouts."""

from typing import Any
from urllib.parse import quote

QueryValue = str | int | bool | list[str] | None
"""A query parameter, repeated for each entry of a list; None leaves it out, so that the server's default applies."""

ANSWER_TIMEOUT_S = 30.0
"""How long a client waits for an answer that the server does not delay on purpose."""

ACKNOWLEDGEMENT_TIMEOUT_S = 10.0
"""How long pause, resume and stop wait by default until every rank has acknowledged the command."""


def drop_none(**values: Any) -> dict[str, Any]:
    """The values that are not None; the server chooses the rest."""
    return {name: value for name, value in values.items() if value is not None}


def path_segment(name: str) -> str:
    """`name` quoted so that it is exactly one segment of a path, even if it contains slashes."""
    return quote(name, safe="")


REPORT_TIMEOUT_S = 180.0
"""A report on many runs reads their artifacts and curves."""
DIAGNOSIS_TIMEOUT_S = 360.0
"""Longer than the server waits for the diagnosis service by default."""
