"""A control signal that follows a script, and an agreement that records what each rank decided."""

from collections.abc import Mapping, Sequence

from training.agreement import Agreement, ControlSignal, Decision
from training.process import Process

Script = Mapping[int, Sequence[Decision]]
"""By step: the decision when it begins, and one for each further request before the next step."""


class ScriptedSignal:
    """Decides as `script` says, and `default` where it says nothing; keeps all reports."""

    def __init__(self, script: Script | None = None) -> None:
        self.default = Decision.CONTINUE
        self.all_reports: list[tuple[str, int]] = []
        self.reasons: list[str] = []
        self.num_waits = 0
        self._script = script or {}
        self._remaining: list[Decision] = []

    def decision(self) -> Decision:
        return self._remaining.pop(0) if self._remaining else self.default

    def wait_for_change(self, timeout_s: float) -> None:
        self.num_waits += 1

    def report_training(self, step: int) -> None:
        self.all_reports.append(("training", step))
        self._remaining = list(self._script.get(step + 1, ()))

    def report_paused(self, step: int) -> None:
        self.all_reports.append(("paused", step))

    def report_exiting(self, step: int, decision: Decision) -> None:
        self.all_reports.append((f"exiting to {decision.name}", step))

    def report_refusal(self, step: int, reason: str) -> None:
        self.all_reports.append(("refusal", step))
        self.reasons.append(reason)

    def reports(self) -> list[tuple[str, int]]:
        """All reports except those of an undisturbed training."""
        return [report for report in self.all_reports if report[0] != "training"]


class RecordingAgreement(Agreement):
    """Records every decision of a rank, and after which steps it paused."""

    def __init__(self, process: Process, signal: ControlSignal | None) -> None:
        super().__init__(process, signal)
        self.decisions: list[Decision] = []
        self.paused: list[int] = []

    def end_step(self) -> Decision:
        decision = super().end_step()
        self.decisions.append(decision)
        return decision

    def wait_while_paused(self, step: int) -> Decision:
        self.paused.append(step)
        return super().wait_while_paused(step)
