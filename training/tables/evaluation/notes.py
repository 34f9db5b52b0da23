"""Says in sentences what an evaluation cannot show, and what it leaves out."""

from collections.abc import Sequence

from training.tables.evaluation.resampling import Resampling
from training.tables.evaluation.schema import ClassReport
from training.tables.printable import name_list

FEW_GROUPS = 20
"""Intervals of fewer groups are rough: the bootstrap makes them too narrow."""


def group_notes(resampling: Resampling) -> tuple[str, ...]:
    """What the number of groups means for the intervals."""
    num_groups = resampling.num_groups
    if num_groups < 2:
        return ("The holdout has a single group of rows, so there are no intervals.",)
    if num_groups < FEW_GROUPS:
        few = (
            f"The holdout has {num_groups} groups of rows. Intervals of fewer than {FEW_GROUPS} "
            "groups are rough, and may be too narrow."
        )
        return (few,)
    if resampling.num_units < num_groups:
        joined = (
            f"For the intervals, the {num_groups:,} groups of rows were joined at random into "
            f"{resampling.num_units:,}, which changes their width by a few per cent at most."
        )
        return (joined,)
    return ()


def class_notes(
    reports: Sequence[ClassReport],
    absent: Sequence[str],
    *,
    num_classes: int,
    num_ranked: int,
    num_rows: int,
    max_confused: int,
) -> tuple[str, ...]:
    """What is not shown of classes."""
    notes = []
    if absent:
        notes.append(
            f"No row of the holdout has the class {name_list(list(absent))}. Averages leave absent "
            "classes out, and nothing is shown about them."
        )
    few = [item.name for item in reports if 0 < item.num_groups < FEW_GROUPS]
    if few:
        notes.append(
            f"Fewer than {FEW_GROUPS} groups of the holdout have the class {name_list(few)}: its "
            "figures are rough."
        )
    if len(reports) < num_classes:
        notes.append(
            f"Figures of their own have the {len(reports):,} classes with most rows, of "
            f"{num_classes:,}; averages are of all."
        )
    if num_classes > max_confused:
        notes.append(
            f"The confusion matrix has the {max_confused:,} classes with most rows; the others "
            "share its last row and column."
        )
    if num_ranked < num_rows:
        notes.append(
            f"Curves, areas under them, thresholds and diagrams of classes are of {num_ranked:,} "
            f"of {num_rows:,} rows, a sample of whole groups."
        )
    return tuple(notes)
