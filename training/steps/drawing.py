"""Draws pictures with the model that is trained, after the checkpoint of their step is safe."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import nn

from tracking_plugin.names import Tag
from training.agreement import Agreement, Decision
from training.errors import TrainingError
from training.memory_exhaustion import free_cached_memory, is_memory_exhausted
from training.process import Process
from training.random_state import capture_random_state, restore_random_state
from training.recipe_abilities import DrawingRecipe
from training.recipe_spec import Tracker
from training.steps.saving import Saving

logger = logging.getLogger(__name__)

SAFE_TIMEOUT_S = 300.0
"""Longest wait for the artifact store to have the checkpoint before pictures are drawn."""


class DrawingTimeoutError(TrainingError):
    """The pictures of a step have taken too long."""


class Drawing:
    """Draws on rank 0, while the other ranks wait in short collectives. No failure ends the run."""

    def __init__(
        self,
        recipe: DrawingRecipe,
        *,
        process: Process,
        agreement: Agreement,
        tracker: Tracker,
        saving: Saving,
        evaluated: Callable[[], AbstractContextManager[nn.Module]],
    ) -> None:
        """`evaluated` lends the model to draw with, in the arithmetic of the training."""
        self._recipe = recipe
        self._process = process
        self._agreement = agreement
        self._tracker = tracker
        self._saving = saving
        self._evaluated = evaluated
        self._has_failed = False

    def is_due(self, step: int, *, is_last: bool) -> bool:
        every_steps = self._recipe.draw_every_steps
        return every_steps > 0 and (is_last or step % every_steps == 0)

    def draw(self, step: int) -> str:
        """Draw the pictures of `step`, the last finished one; returns why that failed. A collective."""
        failure = self._saving.ensure_safe(SAFE_TIMEOUT_S)
        if failure:
            failure = (
                f"The pictures were not drawn, because their checkpoint is not safe: {failure}"
            )
        else:
            failure = self._process.broadcast(
                self._agreement.while_main_works(lambda: self._draw(step)) or ""
            )
        if self._process.is_main:
            self._report(step, failure)
        return failure

    def _draw(self, step: int) -> str:
        before = capture_random_state()
        try:
            return self._try_to_draw(step)
        finally:
            # Here the error is handled no more, so nothing keeps its tensors.
            free_cached_memory(self._process.device)
            restore_random_state(before)

    def _try_to_draw(self, step: int) -> str:
        check_time = _Deadline(self._recipe.drawing_timeout_s)
        try:
            # Not inference_mode: what a model caches then could not be used in the next step.
            with self._evaluated() as model, torch.no_grad():
                for key, pixels in self._recipe.draw(model, step=step, check_time=check_time):
                    self._tracker.log_image(pixels, key, step)
                    check_time()
        except Exception as error:  # noqa: BLE001
            return _reason(error)
        return ""

    def _report(self, step: int, failure: str) -> None:
        if failure:
            logger.warning("Step %d: %s The training goes on.", step, failure)
        if failure or self._has_failed:
            self._tracker.set_tags({Tag.DRAWING_FAILURE: failure and f"Step {step}: {failure}"})
        self._has_failed = bool(failure)


class _Deadline:
    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._end_s = time.monotonic() + timeout_s

    def __call__(self) -> None:
        if time.monotonic() > self._end_s:
            raise DrawingTimeoutError(
                f"The pictures took more than {self._timeout_s:g} s, so the last ones are missing: "
                "draw fewer or smaller ones, in fewer steps."
            )


def may_draw(decision: Decision) -> bool:
    """Whether there is time for pictures: not if the run is to exit."""
    return decision in (Decision.CONTINUE, Decision.PAUSE)


def _reason(error: Exception) -> str:
    """Why the pictures failed, as a sentence."""
    if isinstance(error, TrainingError):
        return str(error)
    if is_memory_exhausted(error):
        return "The memory does not suffice for the pictures: draw fewer or smaller ones."
    logger.warning("The pictures could not be drawn.", exc_info=error)
    # Messages may name files, and names of files may name patients.
    return f"The pictures could not be drawn ({type(error).__name__}); the log says why."
