"""A control signal that also brings one-time commands, each while a given step is computed."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.training.scripted_signal import RecordingAgreement, Script, ScriptedSignal
from tracking_plugin.control_messages import Answer, Instruction
from tracking_plugin.instruction_inbox import TakenInstruction
from training.process import Process

Order = tuple[str, dict[str, Any]]


class InstructingSignal(ScriptedSignal):
    """Brings `orders` by the step that they are taken after, and `while_paused` during a pause."""

    def __init__(
        self,
        orders: Mapping[int, Sequence[Order]],
        script: Script | None = None,
        while_paused: Sequence[Order] = (),
    ) -> None:
        super().__init__(script)
        self.answers: list[tuple[str, str, int | None, str]] = []
        """Name, result, step and message of each answer."""
        self._orders = orders
        self._while_paused = list(while_paused)
        self._arrived: list[Order] = []

    @property
    def has_instructions(self) -> bool:
        return bool(self._arrived)

    def take_instructions(self, step: int) -> list[TakenInstruction]:
        taken = [self._taken(*order, step) for order in self._arrived]
        self._arrived = []
        return taken

    def report_training(self, step: int) -> None:
        super().report_training(step)
        self._arrived += self._orders.get(step + 1, ())

    def report_paused(self, step: int) -> None:
        super().report_paused(step)
        self._arrived += self._while_paused
        self._while_paused = []

    def _taken(self, name: str, arguments: dict[str, Any], step: int) -> TakenInstruction:
        def answer(given: Answer) -> None:
            self.answers.append((name, given.result, given.step, given.message))

        return TakenInstruction(Instruction(id=1, name=name, arguments=arguments), step, answer)


def instructed(process: Process, signal: InstructingSignal) -> RecordingAgreement:
    """The agreement of a rank, of which rank 0 alone has the signal."""
    agreement = RecordingAgreement(process, signal if process.is_main else None)
    agreement.instructions = signal if process.is_main else None
    return agreement
