"""ControlSignal that a test writes down beforehand, and ranks that note what they did about them."""

from collections.abc import Mapping, Sequence

from training.agreement import Agreement, ControlSignal, Decision
from training.process import Process

Script = Mapping[int, Sequence[Decision]]
"""By step: what is wanted when it begins, and each time that is asked again before the next."""


class ScriptedOrders:
    """Wants what `script` says, and `otherwise` where it says nothing; keeps what it is told."""

    def __init__(self, script: Script | None = None) -> None:
        self.otherwise = Decision.CONTINUE
        self.said: list[tuple[str, int]] = []
        self.reasons: list[str] = []
        self.num_waits = 0
        self._script = script or {}
        self._next_step = 0
        self._left: list[Decision] = []

    def wanted(self) -> Decision:
        return self._left.pop(0) if self._left else self.otherwise

    def wait(self, timeout_s: float) -> None:
        self.num_waits += 1

    def training(self, step: int) -> None:
        self.said.append(("training", step))
        self._left = list(self._script.get(step + 1, ()))

    def holding(self, step: int) -> None:
        self.said.append(("holding", step))

    def leaving(self, step: int, verdict: Decision) -> None:
        self.said.append((f"leaving to {verdict.name}", step))

    def refuse(self, step: int, reason: str) -> None:
        self.said.append(("refuse", step))
        self.reasons.append(reason)

    def answers(self) -> list[tuple[str, int]]:
        """All that was said but the steps of an undisturbed training."""
        return [said for said in self.said if said[0] != "training"]


class WatchedAgreement(Agreement):
    """Notes on each rank what was agreed on beside going on, and after which step."""

    def __init__(self, process: Process, orders: ControlSignal | None) -> None:
        super().__init__(process, orders)
        self.verdicts: list[Decision] = []
        self.held: list[int] = []

    def end_step(self) -> Decision:
        verdict = super().end_step()
        self.verdicts.append(verdict)
        return verdict

    def hold(self, step: int) -> Decision:
        self.held.append(step)
        return super().hold(step)
