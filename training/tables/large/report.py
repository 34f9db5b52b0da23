"""The report on the training from a large table, and what it leaves out."""

from pydantic import BaseModel, ConfigDict

from training.tables.large.statistics import StreamedColumn
from training.tables.splits.split_report import PartSummary


class LargeReport(BaseModel):
    """What was read, divided and trained. `model_dump_json` writes it; it has no cells."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    num_rows: int
    num_sampled: int
    num_unlabelled: int
    memory_bytes: int
    parts: tuple[PartSummary, ...]
    """The holdout and the folds; numbers of groups above 4,096 are estimated."""
    columns: tuple[StreamedColumn, ...]
    """Of the rows that are not held out."""
    num_trained: int
    """Rows, about."""
    num_validated: int
    num_evaluated: int
    """Rows of the holdout whose predictions were measured."""
    rounds: int
    seconds: dict[str, float]
    """By stage."""
    left_out: tuple[str, ...]
    """What the pipeline does for tables that fit into memory, and did not do for this one."""
    notes: tuple[str, ...]
