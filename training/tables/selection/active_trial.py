"""A trial that runs, with what it has reported and why it was asked to end."""

from collections.abc import Iterable
from pathlib import Path

from training.tables.learners.hyperparameter import Params
from training.tables.selection.candidate import CandidateStatus
from training.tables.selection.runner import RunningTrial
from training.tables.selection.selection import TrialProgress
from training.tables.selection.trial import TrialEvent

GRACE_S = 20.0
"""Between the request to end after the present round and the end of the process."""


class ActiveTrial:
    """Decides the status of the trial from its events and from requests to end it."""

    def __init__(
        self,
        number: int,
        learner: str,
        params: Params,
        *,
        is_default: bool,
        running: RunningTrial,
        folder: Path,
        begun_s: float,
    ) -> None:
        self.number, self.learner, self.params = number, learner, params
        self.is_default, self.folder, self.begun_s = is_default, folder, begun_s
        self.fold_scores: list[float] = []
        self.fold_rounds: list[int] = []
        self.status: CandidateStatus | None = None
        self.message = ""
        self._running = running
        self._rounds = 0
        self._request: tuple[CandidateStatus, str] | None = None
        self._requested_s = 0.0

    @property
    def total_rounds(self) -> int:
        return sum(self.fold_rounds) + self._rounds

    def progress(self, num_folds: int) -> TrialProgress:
        return TrialProgress(
            number=self.number,
            learner=self.learner,
            fold=min(len(self.fold_scores), num_folds - 1),
            num_folds=num_folds,
            rounds=self._rounds,
        )

    def poll(self, timeout_s: float) -> bool:
        """Let the trial go on and take its events; whether another fold was finished."""
        before = len(self.fold_scores)
        self._take(self._running.poll(timeout_s))
        return len(self.fold_scores) > before

    def end(self, status: CandidateStatus, message: str, elapsed_s: float) -> None:
        """Ask it to end; the first request counts, and after GRACE_S the process is killed."""
        if self._request is None:
            self._request, self._requested_s = (status, message), elapsed_s
            self._running.stop()
        elif elapsed_s - self._requested_s > GRACE_S and self.status is None:
            self.status, self.message = self._request

    def kill(self) -> None:
        self._running.kill()

    def _take(self, events: Iterable[TrialEvent]) -> None:
        for event in events:
            self._rounds = event.rounds
            if event.kind == "fold":
                self.fold_scores.append(event.loss)
                self.fold_rounds.append(event.rounds)
                self._rounds = 0
            elif event.is_last:
                self.status, self.message = self._outcome(event)

    def _outcome(self, event: TrialEvent) -> tuple[CandidateStatus, str]:
        if event.kind == "failed":
            return CandidateStatus.FAILED, event.message
        if event.kind == "finished":
            # Only the user can take back what is finished.
            if self._request is not None and self._request[0] is CandidateStatus.SKIPPED:
                return self._request
            return CandidateStatus.FINISHED, ""
        return self._request or (CandidateStatus.STOPPED, "It was stopped.")
