"""The instructions of a run, from their arrival over the control link to the answer that the server has stored."""

import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from tracking_plugin.control_messages import (
    MAX_ANSWERS,
    MAX_MESSAGE_CHARS,
    MAX_STEP,
    Answer,
    Instruction,
    InstructionResult,
    Report,
)
from tracking_plugin.printable import printable

TAKE_TIMEOUT_S = 1.0
"""How long a loop waits for the server to store that it takes an instruction."""

_NOT_TAKEN = "The training loop has ended before it took this command"


class TakenInstruction:
    """An instruction that this program alone carries out, and then answers; the first answer counts."""

    def __init__(
        self, instruction: Instruction, step: int | None, answer: Callable[[Answer], None]
    ) -> None:
        self.id = instruction.id
        self.name = instruction.name
        self.arguments: Mapping[str, Any] = instruction.arguments
        self.step = step
        """The step after which the loop took it, which the answer names unless it is given another."""
        self._answer = answer

    def done(self, message: str = "", *, step: int | None = None) -> None:
        """Answer that it took effect, at `step`."""
        self._give(InstructionResult.DONE, message, step)

    def refuse(self, message: str, *, step: int | None = None) -> None:
        """Answer that it has no effect, with the reason in `message`."""
        self._give(InstructionResult.REFUSED, message, step)

    def _give(self, result: InstructionResult, message: str, step: int | None) -> None:
        number = _reportable(self.step if step is None else step)
        text = printable(message, 2 * MAX_MESSAGE_CHARS)[:MAX_MESSAGE_CHARS]
        self._answer(Answer(id=self.id, result=result, step=number, message=text))


class InstructionInbox:
    """Shared by the training loop and the thread of its control link."""

    def __init__(self) -> None:
        self.send: Callable[[], None] = lambda: None
        """Makes the link send a report, whatever else there is to report."""
        self._program = uuid.uuid4().hex
        self._names: list[str] | None = None
        self._changed = threading.Condition()
        self._open: dict[int, Instruction] = {}
        """As the server has listed them last."""
        self._wanted: set[int] = set()
        """Those that the loop wants to take."""
        self._given: set[int] = set()
        """Those that the loop was given."""
        self._answers: dict[int, Answer] = {}
        """Those that the server has not stored yet."""

    @property
    def is_settled(self) -> bool:
        """Whether the server has stored every answer."""
        return not self._answers

    @property
    def has_any(self) -> bool:
        """Whether `take` has one to give or to ask for. Asks nobody, so that each step can afford it."""
        with self._changed:
            return bool(self._new() or self._granted() - self._given)

    def understand(self, names: list[str]) -> None:
        """From the next report on, the server sends instructions of these names."""
        with self._changed:
            self._names = names
        self.send()

    def take(self, step: int | None) -> list[TakenInstruction]:
        """The instructions that this program is to carry out now, the oldest first; each is given once.

        A new one is given when the server has stored that it is taken. If that takes longer than
        TAKE_TIMEOUT_S, as during an outage, a later call gives it.
        """
        with self._changed:
            if new := self._new():
                self._wanted |= new
                self.send()
                self._changed.wait_for(lambda: not new & self._waiting(), TAKE_TIMEOUT_S)
            granted = sorted(self._granted() - self._given)
            self._given.update(granted)
            return [TakenInstruction(self._open[each], step, self._on_answer) for each in granted]

    def close(self) -> None:
        """Take no more, and refuse what the loop was not given."""
        with self._changed:
            self._wanted.clear()
            for left in self._granted() - self._given:
                self._given.add(left)
                refusal = Answer(id=left, result=InstructionResult.REFUSED, message=_NOT_TAKEN)
                self._answers[left] = refusal

    def on_list(self, instructions: Iterable[Instruction]) -> None:
        """The server has sent its list of open instructions. Runs in the link's thread."""
        with self._changed:
            self._open = {each.id: each for each in instructions}
            # The server lists an instruction until it has stored an answer, and never again after it.
            self._wanted &= self._open.keys()
            self._given &= self._open.keys()
            num_before = len(self._answers)
            self._answers = {key: self._answers[key] for key in self._answers if key in self._open}
            has_more = 0 < len(self._answers) < num_before
            self._changed.notify_all()
        if has_more:
            self.send()

    def added_to(self, report: Report) -> Report:
        """`report` with what the server is to know. Runs in the link's thread."""
        with self._changed:
            if self._names is None:
                return report
            return msgspec.structs.replace(
                report,
                program=self._program,
                understands=self._names,
                taken=sorted(self._waiting()),
                answers=list(self._answers.values())[:MAX_ANSWERS],
            )

    def _new(self) -> set[int]:
        """Those that the loop has not asked for yet."""
        return self._open.keys() - self._wanted - self._given - self._granted()

    def _granted(self) -> set[int]:
        return {each.id for each in self._open.values() if each.taken}

    def _waiting(self) -> set[int]:
        """Those that the loop wants, of which the server has not said yet that it may take them."""
        return self._wanted - self._granted()

    def _on_answer(self, answer: Answer) -> None:
        with self._changed:
            self._answers.setdefault(answer.id, answer)
        self.send()


def _reportable(step: int | None) -> int | None:
    """`step` as the plain integer that a message may carry; None if it cannot be one."""
    number = None if step is None else int(step)
    return number if number is not None and 0 <= number <= MAX_STEP else None
