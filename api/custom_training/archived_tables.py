"""What is known of the tables in NASA's archive: their addresses, labels and groups."""

import functools
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

import tracking_plugin
from api.jobs.params import refusal

FILE = Path(tracking_plugin.__file__).parent / "archived_tables.json"
"""Written by `python -m training schema`."""


class ArchivedTable(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    label: str
    """The column that is predicted."""
    group: str
    """The column of the star, whose rows stay together."""
    file: str
    """Name of a local copy."""
    url: str


_tables = TypeAdapter(dict[str, ArchivedTable])


@functools.cache
def archived_tables() -> Mapping[str, ArchivedTable]:
    """By the name of the mission: kepler, k2, tess."""
    return _tables.validate_json(FILE.read_bytes())


def named_tables(dataset_name: str) -> Mapping[str, ArchivedTable]:
    """The tables of a list of missions separated by commas.

    Raises RequestValidationError that lists the names if one is unknown, or none is given.
    """
    known = archived_tables()
    names = dict.fromkeys(name.strip().lower() for name in dataset_name.split(",") if name.strip())
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None or not names:
        shown = "" if unknown is None else f"there is no {unknown[:64]!r}; "
        missions = ", ".join(known)
        message = f"{shown}one of {missions} was expected, or several separated by commas"
        raise refusal(("body", "dataset_name"), message)
    return {name: known[name] for name in names}
