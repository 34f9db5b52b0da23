"""Learns from a table that does not fit into memory, from its sample to the report on the holdout."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from training.tables.descriptions import TypedTable
from training.tables.errors import TableError
from training.tables.evaluation.calibration import Calibration, fit_calibration
from training.tables.evaluation.holdout import evaluate_holdout, measure_score
from training.tables.evaluation.schema import HoldoutReport, Score
from training.tables.features.encoder import TableEncoder
from training.tables.features.feature import FeatureKind
from training.tables.features.fitting import fit_encoder
from training.tables.labels import Integers
from training.tables.large.encoding import EncodedParts, PartEncoder
from training.tables.large.fitting import StreamedFit, fit_streamed
from training.tables.large.hash_parts import HOLDOUT, VALIDATION, HashParts
from training.tables.large.memory_plan import MemoryPlan
from training.tables.large.report import LargeReport
from training.tables.large.report_notes import (
    always_left_out,
    class_notes,
    column_notes,
    label_notes,
    rows_left_out,
    sample_left_out,
)
from training.tables.large.row_reader import RowReader
from training.tables.large.sample import TableSample
from training.tables.large.screening import screen_sample
from training.tables.large.settings import DEFAULT_SETTINGS, LargeSettings
from training.tables.large.statistics import with_summaries
from training.tables.large.streamed_predictions import StreamedPredictions, predict_part
from training.tables.large.target_reader import TargetReader
from training.tables.leaks.leak_report import LeakReport
from training.tables.leaks.overrides import Override
from training.tables.learners.learner import LearningTask, ShouldStop, never
from training.tables.learners.xgboost_learner import XGBoostLearner, XGBoostModel
from training.tables.model.input_column import InputColumn, describe_inputs
from training.tables.splits.checks import MIN_ROWS, check_columns
from training.tables.target import TargetChoice


class LargeStage(StrEnum):
    LEAKS = "leaks"
    ENCODING = "encoding"
    TRAINING = "training"
    EVALUATION = "evaluation"


@dataclass(frozen=True, kw_only=True, eq=False)
class LargeResult:
    """A model with what it needs to predict, and the reports on it."""

    encoder: TableEncoder
    inputs: tuple[InputColumn, ...]
    """The columns that the encoder takes."""
    model: XGBoostModel
    calibration: Calibration
    leaks: LeakReport
    selection_score: Score | None
    """On the fold that validates."""
    holdout: HoldoutReport
    sampled_holdout: Integers
    """Positions of the rows of the sample that have a label and are held out."""
    report: LargeReport


@dataclass(frozen=True, kw_only=True, eq=False)
class LargeTable:
    """A table as it was understood from its sample."""

    sample: TableSample
    typed: TypedTable
    """`sample.read` with types."""
    target: TargetChoice
    group: str | None = None
    """The column whose rows of the same value are in one part."""
    row_names: tuple[str, ...] = ()
    """Columns that only name rows."""


def train_large(
    table: LargeTable,
    folder: Path,
    *,
    overrides: Sequence[Override] = (),
    settings: LargeSettings = DEFAULT_SETTINGS,
    should_stop: ShouldStop = never,
    on_stage: Callable[[LargeStage], None] = lambda _stage: None,
    on_leaks: Callable[[LeakReport], None] = lambda _report: None,
    clock: Callable[[], float] = time.monotonic,
) -> LargeResult:
    """Train on all rows of the table that the sample was drawn from.

    The table is read once more and encoded into files in a folder of its own under `folder`,
    which needs about 5 bytes for each feature of each row, and is removed at the end. Memory is
    bounded by `settings.memory_bytes`, whatever the number of rows. `should_stop` is asked after
    each boosting round, and ends boosting early; `overrides` keep leaking columns. An error that
    `on_stage` raises, as a stage begins, ends the training.

    Raises TableError for what is wrong with the table; OSError if the disk is full.
    """
    check_columns(table.typed, table.target, table.group, None)
    with TemporaryDirectory(prefix="large-", dir=folder) as place:
        training = _LargeTraining(table, Path(place), settings, clock)
        return training.run(overrides, should_stop, on_stage, on_leaks)


class _LargeTraining:
    """One training, stage by stage."""

    def __init__(
        self,
        table: LargeTable,
        folder: Path,
        settings: LargeSettings,
        clock: Callable[[], float],
    ) -> None:
        self._sample, self._typed, self._target = table.sample, table.typed, table.target
        self._group, self._row_names = table.group, table.row_names
        self._folder, self._settings, self._clock = folder, settings, clock
        self._plan = MemoryPlan(settings.memory_bytes)
        self._reader = RowReader(self._typed, np.arange(self._typed.table.num_rows))
        self._features = tuple(
            column.name
            for column in self._reader.columns
            if column.name not in {self._target.column, self._group, *self._row_names}
        )
        self._parts = HashParts(
            group=self._group,
            features=self._features,
            holdout_share=settings.holdout_share,
            num_folds=settings.num_folds,
            seed=settings.seed,
        )
        self._development, self._held_out = self._sampled_rows()
        self._seconds: dict[str, float] = {}

    def run(
        self,
        overrides: Sequence[Override],
        should_stop: ShouldStop,
        on_stage: Callable[[LargeStage], None],
        on_leaks: Callable[[LeakReport], None],
    ) -> LargeResult:
        with self._timed(LargeStage.LEAKS, on_stage):
            leaks = self._search_leaks(overrides)
        on_leaks(leaks)
        with self._timed(LargeStage.ENCODING, on_stage):
            encoder = self._fit_encoder(leaks)
            labels = self._target_reader()
            parts = self._encode(encoder, labels)
        with self._timed(LargeStage.TRAINING, on_stage):
            fit = self._fit(encoder, parts, should_stop)
        with self._timed(LargeStage.EVALUATION, on_stage):
            validated = predict_part(fit.model, parts.files[VALIDATION], self._target, self._plan)
            calibration = _calibrated(validated, self._settings.seed)
            selection_score = _selection_score(validated, calibration)
            held_out = predict_part(fit.model, parts.files[HOLDOUT], self._target, self._plan)
            holdout = evaluate_holdout(
                held_out.labels,
                calibration.apply(held_out.predictions),
                held_out.groups,
                selection_score=selection_score,
                uncalibrated=held_out.predictions if held_out.labels.has_classes else None,
            )
        return LargeResult(
            encoder=encoder,
            inputs=self._inputs(encoder, parts),
            model=fit.model,
            calibration=calibration,
            leaks=leaks,
            selection_score=selection_score,
            holdout=holdout,
            sampled_holdout=self._held_out,
            report=self._report(encoder, parts, fit, holdout, labels),
        )

    @contextmanager
    def _timed(self, stage: LargeStage, on_stage: Callable[[LargeStage], None]) -> Iterator[None]:
        on_stage(stage)
        begin = self._clock()
        yield
        self._seconds[stage] = self._clock() - begin

    def _sampled_rows(self) -> tuple[Integers, Integers]:
        """Positions of the labelled rows of the sample that are not held out, and that are."""
        rows = self._reader.read(self._sample.read).table
        _, codes = self._target_reader().read(rows.column(self._target.column))
        parts = self._parts.parts(self._parts.keys(rows))
        is_labelled, is_held_out = codes >= 0, parts == HOLDOUT
        return (
            np.flatnonzero(is_labelled & ~is_held_out),
            np.flatnonzero(is_labelled & is_held_out),
        )

    def _target_reader(self) -> TargetReader:
        kind = self._typed.table.schema.field(self._target.column).type
        return TargetReader(self._target, kind)

    def _search_leaks(self, overrides: Sequence[Override]) -> LeakReport:
        return screen_sample(
            self._typed,
            self._development,
            self._target,
            group=self._group,
            row_names=self._row_names,
            overrides=overrides,
            deadline_s=self._settings.leak_share * self._settings.budget_s,
            seed=self._settings.seed,
        )

    def _fit_encoder(self, leaks: LeakReport) -> TableEncoder:
        left_out = {*leaks.left_out, *leaks.row_names}
        columns = [name for name in self._features if name not in left_out]
        return fit_encoder(self._typed, self._development, columns, seed=self._settings.seed)

    def _encode(self, encoder: TableEncoder, labels: TargetReader) -> EncodedParts:
        classes = tuple(self._target.classes)
        passes = PartEncoder(
            self._reader,
            encoder,
            self._parts,
            labels,
            self._target.column,
            classes,
            self._folder,
        )
        parts = passes.encode(self._sample.source, self._plan)
        _check_parts(parts)
        return parts

    def _fit(
        self, encoder: TableEncoder, parts: EncodedParts, should_stop: ShouldStop
    ) -> StreamedFit:
        task = LearningTask(
            problem_type=self._target.problem_type,
            num_classes=len(self._target.classes),
            is_categorical=np.array([f.kind is FeatureKind.CATEGORY for f in encoder.features]),
            num_categories=np.array([f.num_categories for f in encoder.features]),
            seed=self._settings.seed,
            num_threads=self._settings.num_threads,
        )
        deadline = self._clock() + (1 - self._settings.leak_share) * self._settings.budget_s
        return fit_streamed(
            task,
            parts,
            XGBoostLearner().check(self._settings.params, task),
            plan=self._plan,
            folder=self._folder,
            should_stop=lambda num_rounds: should_stop(num_rounds) or self._clock() >= deadline,
        )

    def _inputs(self, encoder: TableEncoder, parts: EncodedParts) -> tuple[InputColumn, ...]:
        described = describe_inputs(self._typed, self._development, encoder.input_columns)
        return with_summaries(described, parts.columns)

    def _report(
        self,
        encoder: TableEncoder,
        parts: EncodedParts,
        fit: StreamedFit,
        holdout: HoldoutReport,
        labels: TargetReader,
    ) -> LargeReport:
        validated = parts.files[VALIDATION].num_rows
        trained = sum(file.num_rows for file in parts.files[VALIDATION + 1 :])
        held_out = parts.files[HOLDOUT].num_rows
        num_trained = round(fit.training_share * trained)
        return LargeReport(
            num_rows=self._sample.num_rows,
            num_sampled=len(self._sample.row_numbers),
            num_unlabelled=parts.num_rows - trained - validated - held_out,
            memory_bytes=self._settings.memory_bytes,
            parts=parts.summaries,
            columns=parts.columns,
            num_trained=num_trained,
            num_validated=round(fit.validation_share * validated),
            num_evaluated=holdout.num_rows,
            rounds=fit.model.rounds,
            seconds=self._seconds,
            left_out=(
                *always_left_out(group=self._group),
                *sample_left_out(len(self._sample.row_numbers), self._sample.num_rows),
                *rows_left_out("Boosting", num_trained, trained),
                *rows_left_out("The evaluation of the holdout", holdout.num_rows, held_out),
            ),
            notes=(
                *class_notes(parts.summaries),
                *label_notes(labels),
                *column_notes(self._reader.empty, parts.columns),
                *encoder.notes,
            ),
        )


def _calibrated(validated: StreamedPredictions, seed: int) -> Calibration:
    return fit_calibration(
        validated.predictions, validated.labels.strata, validated.groups, seed=seed
    )


def _selection_score(validated: StreamedPredictions, calibration: Calibration) -> Score | None:
    metric = "macro_f1" if validated.labels.has_classes else "rmse"
    predictions = calibration.apply(validated.predictions)
    return measure_score(validated.labels, predictions, validated.groups, metric)


def _check_parts(parts: EncodedParts) -> None:
    small = [part.name for part in parts.summaries[:2] if not part.num_rows]
    trained = sum(part.num_rows for part in parts.summaries[2:])
    if small or trained < MIN_ROWS:
        raise TableError(
            f"Expected rows with a label in the holdout and in each fold, but {trained:,} rows are "
            f"left to train on{f', and none in the {small[0]}' if small else ''}. There are too few "
            "groups or labels; choose another group column, or none."
        )
