"""Divides the memory for a large table among what needs some."""

from training.tables.learners.learner import LearningTask

_SHARE_OF_BATCH = 1 / 32
_SHARE_OF_SAMPLE = 1 / 16
_SHARE_OF_BOOSTING = 1 / 2
_SHARE_OF_PREDICTIONS = 1 / 4
_BYTES_PER_ROW = 48
"""Of boosting: its target, and its places in trees and batches."""
_BYTES_PER_OUTPUT = 24
"""Of boosting: two derivatives and the predictions of training and evaluation, of each row."""
_BYTES_PER_EVALUATED_ROW = 250
_COPIES_OF_PROBABILITIES = 6
MAX_BATCH_ROWS = 262_144


class MemoryPlan:
    """How many rows of what may be in memory at once."""

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes

    @property
    def sample_bytes(self) -> int:
        """Of the sample as it is read; with types and codes it takes several times as much."""
        return int(self._memory_bytes * _SHARE_OF_SAMPLE)

    def batch_rows(self, num_features: int) -> int:
        """Rows that are encoded, learned or predicted at a time."""
        per_row = 8 * (num_features + 1)
        rows = int(self._memory_bytes * _SHARE_OF_BATCH) // per_row
        return min(max(rows, 256), MAX_BATCH_ROWS)

    def training_rows(self, task: LearningTask) -> int:
        """Rows that boosting can take: their features are on disk, but not what it knows of each."""
        per_row = _BYTES_PER_ROW + _BYTES_PER_OUTPUT * task.num_outputs
        return int(self._memory_bytes * _SHARE_OF_BOOSTING) // per_row

    def predicted_rows(self, task: LearningTask) -> int:
        """Rows whose predictions can be measured together."""
        per_row = _BYTES_PER_EVALUATED_ROW + 8 * _COPIES_OF_PROBABILITIES * max(1, task.num_classes)
        return int(self._memory_bytes * _SHARE_OF_PREDICTIONS) // per_row
