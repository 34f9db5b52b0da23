"""What the search for leaks found, as it is answered and stored."""

from pydantic import BaseModel, ConfigDict

from training.tables.leaks.model_score import ModelScore
from training.tables.leaks.overlap import Overlap
from training.tables.leaks.overrides import Override
from training.tables.leaks.rules import LeakRule


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Leak(_Part):
    """A flagged column.

    `score_without` is that of all columns that no rule flags, and `score_with` that of the same
    with this column added. Leaks repeat one another, so that leaving out one of all columns would
    show nothing. Both are None if there was no time to measure.
    """

    column: str
    reason: str
    score_with: float | None
    score_without: float | None
    left_out: bool
    rules: tuple[LeakRule, ...]
    value_score: float | None
    """Of the value alone; None if the column was not examined."""
    missingness_score: float | None
    override: Override | None = None


class Suspect(_Part):
    """A strong column that no rule flags, and that stays: the user should know why it is strong.

    `score_with` is that of all columns that no rule flags, `score_without` of the same but this.
    """

    column: str
    value_score: float
    score_with: float | None
    score_without: float | None


class ColumnScore(_Part):
    """How well one column alone predicts; see `BinScore`."""

    column: str
    value: float
    value_of_best_class: float
    missingness: float
    missingness_of_best_class: float


class Comparison(_Part):
    """The scores of models with and without leaks, all on the same folds."""

    with_all: ModelScore | None
    """With every column but target and group."""
    without_row_names: ModelScore | None
    """The same without serial numbers and texts that only name their rows."""
    without_leaks: ModelScore | None
    """Without all flagged columns and without columns that only name their rows."""
    as_decided: ModelScore | None
    """The same with the columns that a user keeps; equal to it if there are none."""


class LeakReport(_Part):
    """What was found, on the folds alone; `model_dump_json` writes it. It has no cells."""

    leaks: tuple[Leak, ...]
    suspects: tuple[Suspect, ...]
    columns: tuple[ColumnScore, ...]
    """In the order of the table, without target, group and columns that were not examined."""
    comparison: Comparison
    row_names: tuple[str, ...]
    """Columns that only name rows. They are no leaks unless they are flagged, and train nothing."""
    known_table: str | None
    """Name in `known_tables.yaml`."""
    overlap: Overlap
    row_order_score: float
    """Of the number of the row in the file; far above 0.5, the file is sorted by label."""
    not_examined: tuple[str, ...]
    """Columns for which there was no time, or too many columns."""
    num_rows_scored: int
    """Rows of the folds on which columns were scored."""
    num_rows_modelled: int
    """Rows of the folds on which models were."""
    notes: tuple[str, ...]

    @property
    def left_out(self) -> tuple[str, ...]:
        """Columns that are not trained on because they give the answer away."""
        return tuple(leak.column for leak in self.leaks if leak.left_out)
