"""Reads a text column as booleans, if its cells are all of one pair such as yes and no."""

import pyarrow as pa
import pyarrow.compute as pc

from training.tables.columns.distinct import DistinctTexts, sample
from training.tables.columns.typed_values import TypedValues

PAIRS = (
    ("true", "false"),
    ("yes", "no"),
    ("t", "f"),
    ("y", "n"),
    ("on", "off"),
    ("ja", "nein"),
    ("oui", "non"),
    ("vrai", "faux"),
)
"""Of true and false. 0 and 1 are numbers: nothing says that they mean yes and no."""
_MAX_SPELLINGS = 8


def read_booleans(values: pa.Array) -> TypedValues | None:
    """The booleans in the cells; missing cells are null. None if the column is no boolean one.

    Both values must appear, or the column is constant: `NO` alone may be Norway, and `F` alone a
    sex. `true` or `false` alone are enough.
    """
    if len(set(sample(values))) > _MAX_SPELLINGS or len(pc.unique(values)) > _MAX_SPELLINGS + 1:
        return None
    texts = DistinctTexts.of(values)
    found = {text.lower() for text in texts.texts}
    for true, false in PAIRS:
        if found == {true, false} or (true == "true" and found and found <= {true, false}):
            parsed = [text.lower() == true for text in texts.texts]
            return TypedValues(values=texts.expanded(parsed, pa.bool_()))
    return None
