"""Follows the commands that a person sends to the selection of models."""

from collections.abc import Collection

from tracking_plugin.instruction_inbox import TakenInstruction
from tracking_plugin.instruction_names import EXTEND_BUDGET, SKIP_TRIAL
from training.recipe_spec import TrainingSession

UNDERSTOOD = (SKIP_TRIAL, EXTEND_BUDGET)
MAX_BUDGET_S = 30 * 86_400.0


class SelectionCommands:
    """Implements `training.tables.selection.control.SelectionControl` over the run's session."""

    def __init__(self, session: TrainingSession, budget_s: float) -> None:
        self._session = session
        self._budget_s = budget_s
        self._skipped: set[int] = set()
        self._step = 0
        self.running: Collection[int] = ()
        """Numbers of the trials that run, which alone can be skipped."""
        self.is_stopped = False
        """Whether the run was told to stop; the best candidate so far is used."""

    def should_stop(self, step: int) -> bool:
        # The steps of a run only rise, but the rounds of a trial that is ended no longer count.
        self._step = max(self._step, step)
        self.is_stopped = self._session.should_stop(self._step)
        for instruction in self._session.take_instructions(self._step):
            self._carry_out(instruction)
        return self.is_stopped

    def skipped_trials(self) -> Collection[int]:
        return self._skipped

    def budget_s(self) -> float:
        return self._budget_s

    def _carry_out(self, instruction: TakenInstruction) -> None:
        if instruction.name == SKIP_TRIAL:
            self._skip(instruction, int(instruction.arguments["trial"]))
        else:
            self._extend(instruction, float(instruction.arguments["seconds"]))

    def _skip(self, instruction: TakenInstruction, trial: int) -> None:
        if trial not in self.running:
            running = ", ".join(map(str, sorted(self.running))) or "none"
            instruction.refuse(f"Trial {trial} does not run; those that run: {running}.")
            return
        self._skipped.add(trial)
        instruction.done(f"Trial {trial} is ended.")

    def _extend(self, instruction: TakenInstruction, seconds: float) -> None:
        if self._budget_s + seconds > MAX_BUDGET_S:
            instruction.refuse(f"The budget can be {MAX_BUDGET_S:,.0f} s at most.")
            return
        self._budget_s += seconds
        instruction.done(f"The budget is {self._budget_s:,.0f} s now.")
