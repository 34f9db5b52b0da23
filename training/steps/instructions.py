"""Carries out one-time commands on all ranks between two steps, and answers them."""

import copy
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tracking_plugin.instruction_inbox import TakenInstruction
from training.agreement import Agreement
from training.checkpoints.training_state import Stateful
from training.errors import TrainingError
from training.process import Process
from training.recipe_abilities import InstructionRefusedError
from training.steps.saving import Saving

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Action:
    """What an instruction does on each rank."""

    carry_out: Callable[[Mapping[str, Any]], str]
    """Does it with the arguments, and returns what to answer. Raises InstructionRefusedError."""
    changes: Stateful | None = None
    """What it changes: that is saved before the answer, and put back if any rank fails."""


class Instructions:
    """The instructions of a loop, by their names; each method is a collective."""

    def __init__(
        self,
        actions: Mapping[str, Action],
        *,
        process: Process,
        agreement: Agreement,
        saving: Saving,
    ) -> None:
        self._actions = actions
        self._process = process
        self._agreement = agreement
        self._saving = saving

    @property
    def names(self) -> list[str]:
        return list(self._actions)

    def follow(self, step: int) -> None:
        """Carry out what there is after `step`, the last finished one, in the order of arrival."""
        taken = self._take(step)
        orders = [(each.name, dict(each.arguments)) for each in taken]
        for index, (name, arguments) in enumerate(self._process.broadcast(orders)):
            refusal, answer = self._carry_out(name, arguments)
            if self._process.is_main:
                _answer(taken[index], refusal, answer, step)

    def refuse(self, step: int, reason: str) -> None:
        """Refuse what there is after `step`."""
        for each in self._take(step):
            _answer(each, reason, "", step)

    def _take(self, step: int) -> list[TakenInstruction]:
        """Those to carry out, on rank 0."""
        source = self._agreement.instructions
        return [] if source is None else source.take_instructions(step)

    def _carry_out(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
        """Why any rank has not carried it out, and what to answer if all have."""
        action = self._actions[name]
        before = copy.deepcopy(action.changes.state_dict()) if action.changes else {}
        own_refusal, answer = _attempt(name, action, arguments)
        refusals = self._process.gather(own_refusal)
        refusal = self._process.broadcast(next(filter(None, refusals), ""))
        if action.changes is None:
            return refusal, answer
        if refusal:
            action.changes.load_state_dict(before)
            return refusal, ""
        return "", self._saved(answer)

    def _saved(self, answer: str) -> str:
        failure = self._saving.save_again()
        lost = f" It is lost if the run is killed before its next checkpoint: {failure}"
        return f"{answer}{lost}" if failure else answer


def _attempt(name: str, action: Action, arguments: Mapping[str, Any]) -> tuple[str, str]:
    """Why this rank has not carried it out, and what to answer if all have."""
    try:
        return "", action.carry_out(arguments)
    except (InstructionRefusedError, TrainingError) as error:
        return str(error), ""
    except Exception as error:
        logger.warning("The command %s failed; the training goes on.", name, exc_info=True)
        # Messages may name files, and names of files may name patients.
        return f"It failed ({type(error).__name__}); the log of the run says why.", ""


def _answer(instruction: TakenInstruction, refusal: str, answer: str, step: int) -> None:
    if refusal:
        instruction.refuse(refusal, step=step)
    else:
        instruction.done(answer, step=step)
