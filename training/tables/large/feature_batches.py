"""Gives XGBoost the encoded rows in batches."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import xgboost

from training.tables.large.feature_file import EncodedRows, FeatureFile
from training.tables.learners.learner import LearningTask
from training.tables.learners.target_scale import scaled


class FeatureBatches(xgboost.DataIter):
    """The rows of some parts, or a sample of them, from the first to the last, again and again."""

    def __init__(
        self,
        files: Sequence[FeatureFile],
        task: LearningTask,
        *,
        batch_rows: int,
        share: float,
        scale: tuple[float, float],
        cache: Path | None = None,
    ) -> None:
        """`cache` is the beginning of the paths of pages on disk, for external memory."""
        self._files, self._batch_rows, self._share = files, batch_rows, share
        self._scale = scale
        self._types = ["c" if is_category else "q" for is_category in task.is_categorical]
        self._rows: Iterator[EncodedRows] = iter(())
        super().__init__(cache_prefix=None if cache is None else str(cache))

    def reset(self) -> None:
        parts = (file.batches(self._batch_rows, self._share) for file in self._files)
        self._rows = chain.from_iterable(parts)

    def next(self, input_data: Callable[..., Any]) -> bool:
        rows = next(self._rows, None)
        if rows is None:
            return False
        input_data(
            data=rows.values,
            label=scaled(rows.targets, self._scale),
            feature_types=self._types,
        )
        return True
