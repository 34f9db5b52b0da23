"""Decides when a control link sends the list of open instructions."""

import msgspec

from api.control.instruction_service import InstructionService
from tracking_plugin.control_messages import Instruction, Report


class SentInstructions:
    """One per link. A program that has not said what it understands is sent no list."""

    def __init__(self, instructions: InstructionService, run_id: str) -> None:
        self._instructions = instructions
        self._run_id = run_id
        self._program: str | None = None
        self._sent: list[Instruction] | None = None

    def on_report(self, report: Report) -> None:
        """The server has stored `report`."""
        if report.understands is not msgspec.UNSET:
            self._program = report.program
        if report.taken or report.answers:
            # The program repeats both until a list shows that they are stored.
            self._sent = None

    async def changed(self) -> list[Instruction] | msgspec.UnsetType:
        """The list, if the program does not have it yet."""
        if self._program is None:
            return msgspec.UNSET
        listed = await self._instructions.open(self._run_id, self._program)
        if listed == self._sent:
            return msgspec.UNSET
        self._sent = listed
        return listed
