"""Continues each member of an ensemble on a fold of a new table, within a budget of seconds."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from training.errors import first_line
from training.tables.errors import TableError
from training.tables.finetuning.member import FinetuningControl, MemberRecord, MemberStatus
from training.tables.labels import Floats
from training.tables.learners.hyperparameter import Params
from training.tables.learners.learner import Examples, FittedModel, LearningTask
from training.tables.learners.registry import learner_named
from training.tables.printable import printable
from training.tables.selection.bagged_model import BaggedModel
from training.tables.selection.ensemble_model import EnsembleModel
from training.tables.selection.greedy import greedy_weights
from training.tables.selection.outcome import MIN_TRAIN_SHARE
from training.tables.selection.scores import learnable_rows, loss
from training.tables.splits.table_split import Fold, TableSplit

_MAX_MESSAGE_CHARS = 300
_NOT_BETTER = "No further round made the validated rows of its fold better."
_STOPPED = "The run was stopped before it."
_NO_TIME = "There was no time left for it."


@dataclass(frozen=True, eq=False, kw_only=True)
class Continued:
    """The ensemble after the fine-tuning. Its models are in the order of `weights`."""

    ensemble: EnsembleModel
    oof: Floats
    """Predictions of the development rows by members that did not learn from them,
    (num_rows, num_outputs); NaN where no fold validates the row."""
    members: tuple[MemberRecord, ...]
    weights: tuple[float, ...]
    """Of each model of the ensemble that was given; 0 for one that is left out from here on."""

    @property
    def num_continued(self) -> int:
        return sum(it.status is MemberStatus.CONTINUED for it in self.members)


def continue_ensemble(
    source: EnsembleModel,
    task: LearningTask,
    values: Floats,
    targets: Floats,
    split: TableSplit,
    params: Mapping[str, Params],
    control: FinetuningControl,
) -> Continued:
    """Continue the members of the learners in `params`; all others stay as they are.

    `values` (num_rows, num_features) and `targets` (num_rows,) are of all rows of the new table;
    the holdout is not looked at. A member learns from the rows of one fold, as many rounds as make
    its validated rows better; if none does, or if it is stopped before, it stays as it was. Then
    the weights of the models are chosen anew on the predictions of validated rows.

    Raises TableError if a library fails for every member that can continue.
    """
    run = _Continuation(source, task, values, targets, split, params, control)
    models = run.continued_models()
    run.require_success()
    weights, oof = run.weighted()
    chosen = sorted(np.flatnonzero(weights).tolist(), key=lambda at: -weights[at])
    return Continued(
        ensemble=EnsembleModel(
            tuple(models[at] for at in chosen), tuple(weights[at] for at in chosen)
        ),
        oof=oof,
        members=tuple(run.records),
        weights=weights,
    )


class _Continuation:
    """One fine-tuning, from the first member to the weights."""

    def __init__(
        self,
        source: EnsembleModel,
        task: LearningTask,
        values: Floats,
        targets: Floats,
        split: TableSplit,
        params: Mapping[str, Params],
        control: FinetuningControl,
    ) -> None:
        self._source, self._task, self._params, self._control = source, task, params, control
        self._values, self._targets, self._split = values, targets, split
        self._folds = _long_folds(split)
        self._oof: list[Floats] = []
        self._is_stopped = False
        self._rounds = 0
        self._num_members = sum(
            self._num_pairs(model) for model in source.models if model.learner_name in params
        )
        self._num_done = 0
        self.records: list[MemberRecord] = []

    def continued_models(self) -> list[BaggedModel]:
        return [self._model(number, model) for number, model in enumerate(self._source.models)]

    def require_success(self) -> None:
        failed = [it for it in self.records if it.status is MemberStatus.FAILED]
        if failed and len(failed) == self._num_members:
            title = learner_named(failed[0].learner).title
            raise TableError(f"No member could be continued. {title}: {failed[0].message}")

    def weighted(self) -> tuple[tuple[float, ...], Floats]:
        """The weight of each model, and the out-of-fold predictions of all together."""
        rows = learnable_rows(self._folds, self._targets, has_classes=self._task.has_classes)
        places = np.searchsorted(self._split.development, rows)
        weights = greedy_weights(
            [oof[places] for oof in self._oof],
            self._targets[rows],
            has_classes=self._task.has_classes,
        )
        total: Floats = np.sum(
            [weight * oof for weight, oof in zip(weights, self._oof, strict=True)], axis=0
        )
        return weights, total

    def _num_pairs(self, model: BaggedModel) -> int:
        return max(len(model.members), len(self._folds))

    def _model(self, number: int, model: BaggedModel) -> BaggedModel:
        """Each member learns from a fold; if folds are more than members, some do twice."""
        members = []
        oof = np.zeros((len(self._split.development), max(1, self._task.num_classes)))
        counts = np.zeros(len(self._folds))
        for pair in range(self._num_pairs(model)):
            at, fold_number = pair % len(model.members), pair % len(self._folds)
            fold = self._folds[fold_number]
            member, record = self._member(number, model.members[at], at, fold_number)
            members.append(member)
            self.records.append(record)
            oof[self._places(fold)] += member.predict(self._values[fold.validation])
            counts[fold_number] += 1
        validated = np.zeros(len(oof))
        for count, fold in zip(counts, self._folds, strict=True):
            validated[self._places(fold)] = count
        oof[validated == 0] = np.nan
        self._oof.append(oof / np.maximum(validated, 1)[:, np.newaxis])
        return BaggedModel(tuple(members)) if model.learner_name in self._params else model

    def _places(self, fold: Fold) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        return np.searchsorted(self._split.development, fold.validation)

    def _member(
        self, number: int, member: FittedModel, at: int, fold_number: int
    ) -> tuple[FittedModel, MemberRecord]:
        fold = self._folds[fold_number]
        before = self._loss(member, fold)
        begun_s = time.monotonic()
        status, message, used, after = MemberStatus.KEPT, "", member, before
        if member.learner_name not in self._params:
            message = f"{learner_named(member.learner_name).title} cannot continue a model."
        elif (reason := self._reason_against()) is not None:
            message = reason
        else:
            try:
                continued = self._fit(member, fold)
                loss_after = self._loss(continued, fold)
            except TableError as error:
                status, message = MemberStatus.FAILED, str(error)
            # Libraries raise errors of any type, and one member that fails is no reason to end.
            except Exception as error:  # noqa: BLE001
                status = MemberStatus.FAILED
                message = printable(first_line(error), _MAX_MESSAGE_CHARS)
            else:
                if loss_after < before:
                    status, used, after = MemberStatus.CONTINUED, continued, loss_after
                else:
                    message = _NOT_BETTER
        record = MemberRecord(
            model=number,
            learner=member.learner_name,
            member=at,
            fold=fold_number,
            status=status,
            rounds_before=member.rounds,
            rounds_after=used.rounds,
            loss_before=before,
            loss_after=after,
            seconds=time.monotonic() - begun_s,
            message=message,
        )
        if member.learner_name in self._params:
            self._num_done += 1
            self._control.finished(record, num_done=self._num_done, num_members=self._num_members)
        return used, record

    def _reason_against(self) -> str | None:
        """Why no further member is continued; None if there is no reason."""
        self._is_stopped = self._is_stopped or self._control.should_stop(self._rounds)
        if self._is_stopped:
            return _STOPPED
        return _NO_TIME if self._control.seconds_left() <= 0 else None

    def _fit(self, member: FittedModel, fold: Fold) -> FittedModel:
        left_s = self._control.seconds_left()
        # What a member leaves of its part is for those after it.
        end_s = left_s - left_s / (self._num_members - self._num_done)
        past_rounds = self._rounds

        def is_over(num_rounds: int) -> bool:
            self._rounds = past_rounds + num_rounds
            self._is_stopped = self._is_stopped or self._control.should_stop(self._rounds)
            return self._is_stopped or self._control.seconds_left() <= end_s

        return learner_named(member.learner_name).fit(
            self._task,
            Examples(self._values[fold.train], self._targets[fold.train]),
            Examples(self._values[fold.validation], self._targets[fold.validation]),
            self._params[member.learner_name],
            should_stop=is_over,
            initial=member,
        )

    def _loss(self, member: FittedModel, fold: Fold) -> float:
        predictions = member.predict(self._values[fold.validation])
        targets = self._targets[fold.validation]
        return loss(predictions, targets, has_classes=self._task.has_classes)


def _long_folds(split: TableSplit) -> tuple[Fold, ...]:
    """Without the first, short windows of time."""
    longest = max(len(fold.train) for fold in split.folds)
    return tuple(fold for fold in split.folds if len(fold.train) >= MIN_TRAIN_SHARE * longest)
