"""Names what a run has: an attribute, a param, a metric or a tag, as in `params.lr`."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.errors import UnprocessableError
from tracking_plugin.printable import printable

_LONGEST_SHOWN = 80


class FieldKind(StrEnum):
    """The words of MLflow's filters."""

    ATTRIBUTES = "attributes"
    PARAMS = "params"
    METRICS = "metrics"
    TAGS = "tags"


LOGGED_KINDS = (FieldKind.PARAMS, FieldKind.METRICS, FieldKind.TAGS)
TEXT_KINDS = (FieldKind.PARAMS, FieldKind.TAGS)


class Attribute(StrEnum):
    """What every run has, and can be sorted by."""

    START_TIME = "start_time"
    END_TIME = "end_time"
    DURATION = "duration"
    RUN_NAME = "run_name"
    STATUS = "status"
    EXPERIMENT = "experiment_name"


@dataclass(frozen=True)
class RunField:
    """The kind and MLflow's name of a value of runs."""

    kind: FieldKind
    name: str


def read_field(text: str, kinds: Sequence[FieldKind]) -> RunField:
    """The field that `text` names. Raises UnprocessableError if it names none of these kinds."""
    kind, _, name = text.partition(".")
    if kind not in kinds or name == "":
        expected = " or ".join(f"{each}.NAME" for each in kinds)
        raise UnprocessableError(
            f"{printable(text, _LONGEST_SHOWN)!r} names nothing of a run: expected {expected}, "
            "as in params.lr"
        )
    if kind == FieldKind.ATTRIBUTES and name not in list(Attribute):
        raise UnprocessableError(
            f"Runs cannot be sorted by {printable(text, _LONGEST_SHOWN)!r}: "
            f"the attributes are {', '.join(Attribute)}"
        )
    # PostgreSQL rejects NUL in texts; nothing that is logged has one in its name.
    return RunField(FieldKind(kind), name.replace("\0", "\ufffd"))
