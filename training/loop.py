"""The training loop: plain PyTorch on one or many processes, independent of launcher and tracker."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tracking_plugin.names import Metric, evaluation_artifact
from training.agreement import Agreement, Decision
from training.checkpoints.checkpoint import read_checkpoint
from training.checkpoints.training_state import TrainingState
from training.config import Precision
from training.console import Console
from training.data_wait import DataWait
from training.deferred_scalars import DeferredScalars, StepRecord
from training.errors import CheckpointError
from training.outcome import Ending, TrainingOutcome
from training.precision import autocast_type, resolve_precision
from training.process import Process
from training.progress import Progress
from training.recipe import Checkpoints, EvaluationResult, Recipe
from training.recipe_spec import Tracker

SAVING_TIMEOUT_S = 600.0
"""Longest wait for the artifact store to have the checkpoint of a run that is about to exit."""


class TrainingLoop:
    """Trains a recipe's model. Every rank runs one loop; rank 0 records and saves for all."""

    def __init__(
        self,
        *,
        recipe: Recipe,
        process: Process,
        agreement: Agreement,
        tracker: Tracker,
        checkpoints: Checkpoints,
        console: Console,
    ) -> None:
        self.config = recipe.config
        self.recipe = recipe
        self.process = process
        self.agreement = agreement
        self.tracker = tracker
        self.checkpoints = checkpoints
        self.console = console
        self.progress = Progress(steps_per_epoch=recipe.steps_per_epoch)
        self.precision = resolve_precision(self.config.precision, process.device)
        self.model = recipe.model.to(process.device)
        self.trained_model = self._wrap(self.model)
        self.optimizer = recipe.build_optimizer()
        is_fp16 = self.precision is Precision.FP16
        self.scaler = torch.amp.GradScaler(process.device.type, enabled=is_fp16)
        self.ema = self._build_ema()
        self.state = TrainingState(
            process=process,
            model=self.model,
            optimizer=self.optimizer,
            scaler=self.scaler,
            ema=self.ema,
            progress=self.progress,
        )
        self.scalars = DeferredScalars(process)
        self.data_wait = DataWait(process.device)
        self.ending: Ending | None = None
        self.message = ""
        self._save_step: int | None = None

    def run(self) -> TrainingOutcome:
        """Train from the latest checkpoint, if there is one, until the end or a command to exit."""
        self._resume()
        self._begin()
        batches = self.recipe.batches(self.progress.step)
        while self.ending is None and not self.progress.is_over(self.config):
            self.agreement.begin_step()
            self._set_learning_rate()
            self.data_wait.begin()
            batch = next(batches)
            self.data_wait.end()
            self._forward_and_backward(batch)
            self._optimizer_step()
            self._end_step()
            is_best = self.progress.evaluation_is_due(self.config) and self._evaluate()
            if is_best or self.progress.checkpoint_is_due(self.config):
                self._save(is_best=is_best)
            self._apply(self.agreement.end_step())
        self._record(self.scalars.flush())
        self.console.close()
        return self._outcome()

    def _forward_and_backward(self, micro_batches: Sequence[Any]) -> None:
        share = 1 / len(micro_batches)
        for index, batch in enumerate(micro_batches, start=1):
            # The ranks exchange gradients once a step, with the last micro-batch.
            with self._gradient_sync(index == len(micro_batches)):
                with self._autocast():
                    result = self.recipe.training_step(self.trained_model, batch)
                self.scaler.scale(result.loss * share).backward()
            self.scalars.add(result.scalars, share=share)

    def _optimizer_step(self) -> None:
        if self.config.clip_norm > 0:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        if self.ema is not None:
            self.ema.update_parameters(self.model)

    def _set_learning_rate(self) -> None:
        learning_rate = self.recipe.learning_rate(self.progress.step)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate * group.get("lr_scale", 1.0)

    def _end_step(self) -> None:
        self.progress.step += 1
        due = self.progress.step % self.config.log_every_steps == 0
        self.data_wait.end_step(self.scalars.end_step(self.progress.step, due=due))
        self._record(self.scalars.ready())

    def _record(self, records: Iterable[StepRecord]) -> None:
        for record in records:
            if not self.process.is_main:
                continue
            metrics = {
                **record.scalars,
                Metric.LEARNING_RATE: self.recipe.learning_rate(record.step - 1),
                self.recipe.throughput_metric: self.recipe.samples_per_step / record.seconds,
                Metric.DATA_WAIT_FRACTION: self.data_wait.fraction,
                Metric.EPOCH: float(self.progress.epoch_of(record.step)),
            }
            self.tracker.log_metrics(metrics, record.step)
            self.console.step(record.step, metrics)

    def _evaluate(self) -> bool:
        """Evaluate over all ranks. Returns True if the model is the best so far."""
        self._record(self.scalars.flush())
        model = self.ema.module if self.ema is not None else self.model
        model.eval()
        with torch.inference_mode(), self._autocast():
            result = self.recipe.evaluate(model, step=self.progress.step, epoch=self.progress.epoch)
        self.recipe.train_mode(self.trained_model)
        is_best = self.progress.record(result.score)
        if self.process.is_main:
            self._record_evaluation(result, is_best=is_best)
        self._restart_clocks()
        return is_best

    def _restart_clocks(self) -> None:
        """Exclude the time since the last step from the time of the next one."""
        self.scalars.restart_clock()
        self.data_wait.skip_gap()

    def _record_evaluation(self, result: EvaluationResult, *, is_best: bool) -> None:
        step, epoch = self.progress.step, self.progress.epoch
        self.tracker.log_metrics(result.metrics, step)
        # Alert rules read these metrics, and an evaluation is too rare to cost much.
        self.tracker.expedite()
        if self.progress.epoch_is_over:
            self.tracker.log_json(result.document, evaluation_artifact(epoch))
        for key, image in result.images.items():
            self.tracker.log_image(image, key, step)
        self.console.evaluation(epoch, result.metrics, is_best=is_best)

    def _apply(self, decision: Decision) -> None:
        """Do what the ranks have agreed on; after the last step there is nothing left to pause."""
        if not self.progress.is_over(self.config):
            if decision is Decision.PAUSE:
                decision = self._pause()
            if decision is not Decision.CONTINUE:
                self._exit(decision)
        if self.ending is None:
            self.agreement.signal.report_training(self.progress.step)

    def _pause(self) -> Decision:
        """Wait until the decision is another one."""
        self._record(self.scalars.flush())
        decision = self.agreement.wait_while_paused(self.progress.step)
        self._restart_clocks()
        return decision

    def _exit(self, decision: Decision) -> None:
        """Save and end, unless a release would lose steps because they cannot be saved."""
        signal, step = self.agreement.signal, self.progress.step
        signal.report_exiting(step, decision)
        failure = self.process.broadcast(self._save_to_exit())
        if decision is Decision.STOP:
            self.ending = Ending.STOPPED
            self.message = f"Stopped without a last checkpoint: {failure}" if failure else ""
        elif failure:
            signal.report_refusal(step, failure)
        elif self.agreement.sync() is decision:
            # Saving can take minutes, in which a newer command may have come.
            self.ending = Ending.RELEASED

    def _save_to_exit(self) -> str:
        """Save; returns, on rank 0, why the training could not continue from the checkpoint."""
        try:
            if self._save_step != self.progress.step:
                self._save(is_best=False)
            if self.process.is_main:
                self.checkpoints.flush(SAVING_TIMEOUT_S)
        except CheckpointError as error:
            return str(error)
        return ""

    def _save(self, *, is_best: bool) -> None:
        self._record(self.scalars.flush())
        self._save_step = self.progress.step
        checkpoint = self.state.capture()
        if self.process.is_main:
            self.checkpoints.save(
                checkpoint.tensors, checkpoint.state, step=self.progress.step, is_best=is_best
            )
        self._restart_clocks()

    def _resume(self) -> None:
        name = self.process.broadcast(self.checkpoints.latest() if self.process.is_main else None)
        if name is not None:
            self.state.restore(read_checkpoint(self.checkpoints.path(name)))

    def _begin(self) -> None:
        self.agreement.signal.report_training(self.progress.step)
        self.recipe.train_mode(self.trained_model)
        self._restart_clocks()
        self.console.begin(
            step=self.progress.step,
            total_steps=self.config.epochs * self.recipe.steps_per_epoch,
            steps_per_epoch=self.recipe.steps_per_epoch,
        )

    def _wrap(self, model: nn.Module) -> nn.Module:
        if self.process.world_size > 1:
            on_gpu = self.process.device.type == "cuda"
            model = DistributedDataParallel(
                model,
                device_ids=[self.process.device.index] if on_gpu else None,
                # DDP regroups its gradient buckets after the first step, so that a resumed run
                # would add in another order. With this option it keeps them as they are.
                find_unused_parameters=self.config.deterministic,
            )
        return cast(nn.Module, torch.compile(model)) if self.config.compile else model

    def _build_ema(self) -> AveragedModel | None:
        if self.config.ema_decay == 0:
            return None
        average = get_ema_multi_avg_fn(self.config.ema_decay)
        return AveragedModel(self.model, multi_avg_fn=average)

    def _gradient_sync(self, enabled: bool) -> AbstractContextManager[None]:
        if enabled or self.process.world_size == 1:
            return nullcontext()
        return cast(AbstractContextManager[None], cast(Any, self.trained_model).no_sync())

    def _autocast(self) -> AbstractContextManager[None]:
        dtype = autocast_type(self.precision)
        return torch.autocast(self.process.device.type, dtype=dtype, enabled=dtype is not None)

    def _outcome(self) -> TrainingOutcome:
        return TrainingOutcome(
            ending=self.ending or Ending.COMPLETED,
            message=self.message,
            steps=self.progress.step,
            stopped_early=self.progress.has_stalled(self.config),
            best_score=self.progress.best_score,
            best_epoch=self.progress.best_epoch,
        )
