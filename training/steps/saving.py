"""Saves checkpoints between two steps, and waits until they are safe."""

from training.agreement import Agreement
from training.checkpoints.checkpoint import Checkpoint
from training.checkpoints.training_state import TrainingState
from training.errors import CheckpointError
from training.process import Process
from training.recipe import Checkpoints


class Saving:
    """Each method is a collective; rank 0 writes for all."""

    def __init__(
        self,
        state: TrainingState,
        checkpoints: Checkpoints,
        process: Process,
        agreement: Agreement,
    ) -> None:
        self._state = state
        self._checkpoints = checkpoints
        self._process = process
        self._agreement = agreement
        self._saved_step: int | None = None

    def save(self, *, is_best: bool) -> None:
        """Raises CheckpointError, on rank 0, if the checkpoint cannot be written."""
        checkpoint = self._state.capture()
        if self._process.is_main:
            self._write(checkpoint, is_best=is_best)
        self._saved_step = self._state.progress.step

    def save_again(self) -> str:
        """Replace the checkpoint of this step after a change; returns why that failed."""
        return self._try_to_save(self._state.capture(), flush_timeout_s=None)

    def ensure_safe(self, timeout_s: float) -> str:
        """Wait until every machine can read the checkpoint of this step; returns why it could not.

        It is written if this step has none. No rank waits long in one collective.
        """
        is_saved = self._saved_step == self._state.progress.step
        checkpoint = None if is_saved else self._state.capture()
        return self._try_to_save(checkpoint, flush_timeout_s=timeout_s)

    def _try_to_save(self, checkpoint: Checkpoint | None, flush_timeout_s: float | None) -> str:
        def work() -> tuple[bool, str]:
            is_written = checkpoint is None
            try:
                if checkpoint is not None:
                    self._write(checkpoint, is_best=False)
                    is_written = True
                if flush_timeout_s is not None:
                    self._checkpoints.flush(flush_timeout_s)
            except CheckpointError as error:
                return is_written, str(error)
            return is_written, ""

        outcome = self._process.broadcast(self._agreement.while_main_works(work))
        assert outcome is not None  # rank 0 always has one
        is_written, failure = outcome
        self._saved_step = self._state.progress.step if is_written else None
        return failure

    def _write(self, checkpoint: Checkpoint, *, is_best: bool) -> None:
        self._checkpoints.save(
            checkpoint.tensors,
            checkpoint.state,
            step=self._state.progress.step,
            is_best=is_best,
        )
