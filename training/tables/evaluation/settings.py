"""The bounds of an evaluation."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class EvaluationSettings:
    """How intervals are made and how much detail a report has."""

    num_resamples: int = 1000
    seed: int = 0
    max_classes: int = 500
    """Classes with figures of their own, those with most rows."""
    max_diagrams: int = 20
    """Classes with a reliability diagram of their own."""
    max_ranked_cells: int = 50_000_000
    """Rows times classes of the curves; of more, they are those of a sample of groups."""

    def __post_init__(self) -> None:
        if not 100 <= self.num_resamples <= 100_000:
            raise ValueError(
                f"num_resamples must be from 100 to 100,000, but is {self.num_resamples}."
            )


DEFAULT_SETTINGS = EvaluationSettings()
