"""Compares models with and without flagged columns, as far as there is time."""

from collections.abc import Collection, Sequence

from training.tables.leaks.deadline import Deadline
from training.tables.leaks.fold_rows import FoldRows
from training.tables.leaks.model_score import ModelScore, score_model
from training.tables.leaks.scoring_features import scoring_features


class ModelComparison:
    """Scores sets of columns on the same folds; a set that was scored before costs nothing."""

    def __init__(
        self,
        data: FoldRows,
        columns: Sequence[str],
        deadline: Deadline,
        seed: int,
    ) -> None:
        self._columns = columns
        self._features = scoring_features(data.table, columns)
        self._labels = data.labels
        self._folds = data.folds
        self._deadline = deadline
        self._seed = seed
        self._scores: dict[tuple[str, ...], ModelScore] = {}
        self.num_skipped = 0
        """Sets that were not scored because there was no time."""
        deadline.new_kind()

    def score(self, columns: Collection[str]) -> ModelScore | None:
        """The score of these of the columns together; None if there is no time."""
        key = tuple(name for name in self._columns if name in columns)
        if key not in self._scores:
            if not self._deadline.has_time():
                self.num_skipped += 1
                return None
            self._scores[key] = score_model(
                self._features.of(key), self._labels, self._folds, seed=self._seed
            )
        return self._scores[key]
