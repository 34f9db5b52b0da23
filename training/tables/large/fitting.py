"""Boosts trees on encoded rows that stay on disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import xgboost

from training.tables.large.disk_room import page_bytes, require_room
from training.tables.large.encoding import EncodedParts
from training.tables.large.feature_batches import FeatureBatches
from training.tables.large.feature_file import FeatureFile
from training.tables.large.hash_parts import HOLDOUT, VALIDATION
from training.tables.large.memory_plan import MemoryPlan
from training.tables.learners.hyperparameter import Params
from training.tables.learners.learner import LearningTask, ShouldStop
from training.tables.learners.xgboost_learner import XGBoostModel, boost


@dataclass(frozen=True, kw_only=True, eq=False)
class StreamedFit:
    """A model, and about how many rows it has seen: a share of whole groups of them."""

    model: XGBoostModel
    training_share: float
    validation_share: float


def fit_streamed(
    task: LearningTask,
    parts: EncodedParts,
    params: Params,
    *,
    plan: MemoryPlan,
    folder: Path,
    should_stop: ShouldStop,
) -> StreamedFit:
    """The model of all folds but the one that validates, which ends boosting.

    Features are quantised by XGBoost's sketch and stay in pages under `folder`; what boosting
    keeps of each row is in memory, so a sample of whole groups trains where rows are too many.
    Raises StorageError if the disk has no room for the pages.
    """
    training = [
        file for number, file in enumerate(parts.files) if number not in (HOLDOUT, VALIDATION)
    ]
    validation = [parts.files[VALIDATION]]
    fit = _Matrices(task, parts.target_scale, plan, folder, int(params["max_bin"]))
    num_rows = plan.training_rows(task)
    training_share = _share(training, num_rows * 4 // 5)
    validation_share = _share(validation, num_rows // 5)
    num_kept = training_share * _num_rows(training) + validation_share * validation[0].num_rows
    require_room(folder, page_bytes(round(num_kept), task.num_features))
    train = fit.matrix(training, training_share, "train")
    model = boost(
        task,
        train,
        fit.matrix(validation, validation_share, "validation", train)
        if validation[0].num_rows
        else None,
        params,
        should_stop=should_stop,
        scale=parts.target_scale,
    )
    return StreamedFit(
        model=model, training_share=training_share, validation_share=validation_share
    )


class _Matrices:
    """Makes quantised matrices whose pages are on disk."""

    def __init__(
        self,
        task: LearningTask,
        scale: tuple[float, float],
        plan: MemoryPlan,
        folder: Path,
        max_bin: int,
    ) -> None:
        self._task, self._scale, self._folder, self._max_bin = task, scale, folder, max_bin
        self._batch_rows = plan.batch_rows(task.num_features)

    def matrix(
        self,
        files: Sequence[FeatureFile],
        share: float,
        name: str,
        bins_of: xgboost.DMatrix | None = None,
    ) -> xgboost.ExtMemQuantileDMatrix:
        batches = FeatureBatches(
            files,
            self._task,
            batch_rows=self._batch_rows,
            share=share,
            scale=self._scale,
            cache=self._folder / name,
        )
        return xgboost.ExtMemQuantileDMatrix(
            batches,
            nthread=self._task.num_threads,
            max_bin=self._max_bin,
            ref=bins_of,
            enable_categorical=True,
        )


def _share(files: Sequence[FeatureFile], max_rows: int) -> float:
    return min(1.0, max_rows / max(_num_rows(files), 1))


def _num_rows(files: Sequence[FeatureFile]) -> int:
    return sum(file.num_rows for file in files)
