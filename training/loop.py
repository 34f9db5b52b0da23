"""The training loop: plain PyTorch on one or many processes, independent of launcher and tracker."""

from collections.abc import Iterable

import torch

from tracking_plugin.names import Metric, Tag, evaluation_artifact
from training.agreement import Agreement, Decision
from training.checkpoints.checkpoint import read_checkpoint
from training.console import Console
from training.data_wait import DataWait
from training.deferred_scalars import DeferredScalars, StepRecord
from training.outcome import Ending, TrainingOutcome
from training.process import Process
from training.progress import Progress
from training.recipe import Checkpoints, EvaluationResult, Recipe
from training.recipe_abilities import DrawingRecipe, ShowingRecipe
from training.recipe_spec import Tracker
from training.steps.commands import LoopCommands
from training.steps.drawing import Drawing, may_draw
from training.steps.instructions import Instructions
from training.steps.learner import Learner
from training.steps.saving import Saving
from training.steps.showing import Showing

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
        self.learner = Learner(recipe, process, agreement, self._on_halved)
        self.model = self.learner.model
        self.state = self.learner.state(self.progress)
        self.saving = Saving(self.state, checkpoints, process, agreement)
        self.drawing = self._build_drawing()
        self.showing = self._build_showing()
        self.instructions = self._build_instructions()
        self.scalars = DeferredScalars(process)
        self.data_wait = DataWait(process.device)
        self.ending: Ending | None = None
        self.message = ""

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
            self.learner.step(batch, self.scalars)
            self._end_step()
            is_best = self.progress.evaluation_is_due(self.config) and self._evaluate()
            if is_best or self.progress.checkpoint_is_due(self.config):
                self._save(is_best=is_best)
            if self.showing is not None:
                self.showing.show(batch)
            decision = self.agreement.end_step()
            if self.drawing is not None and may_draw(decision):
                self._draw_if_due(self.drawing)
            self._apply(decision)
        self._record(self.scalars.flush())
        self.console.close()
        return self._outcome()

    def _set_learning_rate(self) -> None:
        self.learner.set_learning_rate(self.progress.step)

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
                **self.learner.metrics(record.step),
                self.recipe.throughput_metric: self.recipe.samples_per_step / record.seconds,
                Metric.DATA_WAIT_FRACTION: self.data_wait.fraction,
                Metric.EPOCH: float(self.progress.epoch_of(record.step)),
            }
            self.tracker.log_metrics(metrics, record.step)
            self.console.step(record.step, metrics)

    def _evaluate(self) -> bool:
        """Evaluate over all ranks. Returns True if the model is the best so far."""
        self._record(self.scalars.flush())
        with self.learner.evaluated_model() as model, torch.inference_mode():
            result = self.recipe.evaluate(model, step=self.progress.step, epoch=self.progress.epoch)
        self.learner.train_mode()
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

    def _draw_if_due(self, drawing: Drawing) -> None:
        if drawing.is_due(self.progress.step, is_last=self.progress.is_over(self.config)):
            self._record(self.scalars.flush())
            drawing.draw(self.progress.step)
            self._return_to_training()

    def _return_to_training(self) -> None:
        self.learner.train_mode()
        self._restart_clocks()

    def _apply(self, decision: Decision) -> None:
        """Do what the ranks have agreed on; after the last step there is nothing left to pause."""
        if self.agreement.has_instructions:
            self._follow_instructions(decision)
        if not self.progress.is_over(self.config):
            if decision is Decision.PAUSE:
                decision = self._pause()
            if decision is not Decision.CONTINUE:
                self._exit(decision)
        if self.ending is None:
            self.agreement.signal.report_training(self.progress.step)

    def _follow_instructions(self, decision: Decision) -> None:
        """A run that is released leaves them to the process that continues it."""
        self._record(self.scalars.flush())
        if decision is Decision.STOP:
            self.instructions.refuse(self.progress.step, "The run is stopping.")
        elif self.progress.is_over(self.config):
            self.instructions.refuse(self.progress.step, "The training has done its last step.")
        elif decision is not Decision.RELEASE:
            self.instructions.follow(self.progress.step)
            self._return_to_training()

    def _pause(self) -> Decision:
        """Wait until the decision is another one."""
        self._record(self.scalars.flush())
        decision = Decision.PAUSE
        while decision is Decision.PAUSE:
            decision = self.agreement.wait_while_paused(self.progress.step)
            if self.agreement.has_instructions:
                self._follow_instructions(decision)
        self._restart_clocks()
        return decision

    def _exit(self, decision: Decision) -> None:
        """Save and end, unless a release would lose steps because they cannot be saved."""
        signal, step = self.agreement.signal, self.progress.step
        signal.report_exiting(step, decision)
        self._record(self.scalars.flush())
        failure = self.saving.ensure_safe(SAVING_TIMEOUT_S)
        self._restart_clocks()
        if decision is Decision.STOP:
            self.ending = Ending.STOPPED
            self.message = f"Stopped without a last checkpoint: {failure}" if failure else ""
        elif failure:
            signal.report_refusal(step, failure)
        elif self.agreement.sync() is decision:
            # Saving can take minutes, in which a newer command may have come.
            self.ending = Ending.RELEASED

    def _save(self, *, is_best: bool) -> None:
        self._record(self.scalars.flush())
        self.saving.save(is_best=is_best)
        self._restart_clocks()

    def _resume(self) -> None:
        name = self.process.broadcast(self.checkpoints.latest() if self.process.is_main else None)
        if name is not None:
            self.state.restore(read_checkpoint(self.checkpoints.path(name)))

    def _begin(self) -> None:
        self.agreement.signal.report_training(self.progress.step)
        self.learner.train_mode()
        self._restart_clocks()
        self.console.begin(
            step=self.progress.step,
            total_steps=self.config.epochs * self.recipe.steps_per_epoch,
            steps_per_epoch=self.recipe.steps_per_epoch,
        )

    def _on_halved(self, most_samples: int) -> None:
        if self.process.is_main:
            self.tracker.set_tags({Tag.MICRO_BATCH_SIZE: str(most_samples)})

    def _build_drawing(self) -> Drawing | None:
        if not isinstance(self.recipe, DrawingRecipe):
            return None
        return Drawing(
            self.recipe,
            process=self.process,
            agreement=self.agreement,
            tracker=self.tracker,
            saving=self.saving,
            evaluated=self.learner.evaluated_model,
        )

    def _build_showing(self) -> Showing | None:
        if not (self.process.is_main and isinstance(self.recipe, ShowingRecipe)):
            return None
        return Showing(self.recipe, self.tracker)

    def _build_instructions(self) -> Instructions:
        commands = LoopCommands(
            self.recipe,
            progress=self.progress,
            learning_rate=self.learner.learning_rate,
            saving=self.saving,
            drawing=self.drawing,
        )
        return Instructions(
            commands.actions(),
            process=self.process,
            agreement=self.agreement,
            saving=self.saving,
        )

    def _outcome(self) -> TrainingOutcome:
        return TrainingOutcome(
            ending=self.ending or Ending.COMPLETED,
            message=self.message,
            steps=self.progress.step,
            stopped_early=self.progress.has_stalled(self.config),
            best_score=self.progress.best_score,
            best_epoch=self.progress.best_epoch,
        )
