"""Finds columns that name a row (identifiers) or what several rows are about (groups)."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from training.tables.arrow_columns import is_text
from training.tables.words import words

ENTITIES = frozenset(
    [
        *("patient", "subject", "person", "participant", "case", "donor", "family", "household"),
        *("user", "customer", "client", "member", "account", "employee", "student", "player"),
        *("star", "host", "hostname", "kepid", "tid", "tic", "kic", "epic", "system", "galaxy"),
        *("animal", "mouse", "specimen", "sample", "slide", "batch", "plot", "well", "eye"),
        *("hospital", "clinic", "site", "centre", "center", "doctor", "device", "machine"),
        *("sensor", "station", "store", "product", "item", "vehicle", "session", "group"),
    ]
)
"""What the rows of a table are often about; rows about the same one are alike."""
ID_WORDS = frozenset(
    ["id", "identifier", "uuid", "guid", "key", "no", "nr", "number", "code", "name", "index"]
)
_NO_IDS = frozenset(
    [
        *("paid", "acid", "grid", "valid", "mid", "solid", "covid", "fluid", "humid", "void"),
        *("liquid", "lipid", "thyroid", "rapid", "steroid", "hybrid", "android", "asteroid"),
        *("centroid", "sigmoid", "arid", "avoid", "bid", "aid", "kid", "lid", "invalid"),
    ]
)
_STARS = dict.fromkeys(["host", "hostname", "kepid", "tid", "tic", "kic", "epic"], "star")
_COUNTS = frozenset(["num", "n", "count", "number", "total", "nr", "no"])
_MIN_SERIAL_ROWS = 10
_MAX_ID_CHARS = 64


@dataclass(frozen=True)
class DistinctCount:
    """Of one column: cells with a value, and different values among them."""

    num_values: int
    num_distinct: int


def identifier_reason(name: str, values: pa.Array, count: DistinctCount) -> str | None:
    """Why the column only names its rows; None if it does not."""
    if count.num_values < 2 or count.num_distinct < count.num_values:
        return None
    if is_text(values.type):
        is_short = pc.mean(pc.utf8_length(values)).as_py() <= _MAX_ID_CHARS
        return "every row has a text of its own" if is_short else None
    if not pa.types.is_int64(values.type):
        return None
    if _has_id_name(name):
        return "every row has a number of its own, and the name is that of an identifier"
    bounds = pc.min_max(values).as_py()
    if (
        count.num_values >= _MIN_SERIAL_ROWS
        and bounds["max"] - bounds["min"] + 1 == count.num_values
    ):
        return "the rows are numbered without gaps"
    return None


def group_reason(name: str, values: pa.Array, count: DistinctCount) -> str | None:
    """Why rows with the same value are about the same thing; None if nothing says so."""
    if not 2 <= count.num_distinct < count.num_values:
        return None
    if not (is_text(values.type) or pa.types.is_int64(values.type)):
        return None
    found = words(name)
    # `patient_id` and `patient` name the patient; `patient_age` does not.
    while len(found) > 1 and (found[-1] in ID_WORDS or found[-1].isdigit()):
        found.pop()
    if found and found[-1] in ENTITIES and found[0] not in _COUNTS:
        entity = _STARS.get(found[-1], found[-1])
        return f"its name says that it tells which {entity} a row is about"
    if _has_id_name(name) and words(name)[-1] not in ("no", "number", "name", "index"):
        return "its name is that of an identifier, and its values repeat"
    return None


def _has_id_name(name: str) -> bool:
    found = words(name)
    if not found:
        return False
    last = found[-1]
    return last in ID_WORDS or (last.endswith("id") and last not in _NO_IDS)
