"""The one-time commands that every loop understands, and those of its recipe."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tracking_plugin.instruction_names import (
    SAMPLE_NOW,
    SAVE_NOW,
    SET_LEARNING_RATE,
    ArgumentsError,
    check_arguments,
)
from training.progress import Progress
from training.recipe import Recipe
from training.recipe_abilities import InstructedRecipe, InstructionRefusedError, StatefulRecipe
from training.steps.drawing import Drawing
from training.steps.instructions import Action
from training.steps.learning_rate import LearningRate
from training.steps.saving import Saving

SAVE_NOW_TIMEOUT_S = 300.0
"""Longest wait for the artifact store to have the checkpoint that a person has asked for."""


class LoopCommands:
    """Carries out each command on every rank."""

    def __init__(
        self,
        recipe: Recipe,
        *,
        progress: Progress,
        learning_rate: LearningRate,
        saving: Saving,
        drawing: Drawing | None,
    ) -> None:
        self._recipe = recipe
        self._progress = progress
        self._learning_rate = learning_rate
        self._saving = saving
        self._drawing = drawing

    def actions(self) -> Mapping[str, Action]:
        recipe = self._recipe
        actions = {
            SAVE_NOW: Action(carry_out=self._save),
            SET_LEARNING_RATE: Action(
                carry_out=self._set_learning_rate, changes=self._learning_rate
            ),
        }
        if self._drawing is not None:
            actions[SAMPLE_NOW] = Action(carry_out=partial(self._draw, self._drawing))
        if isinstance(recipe, InstructedRecipe):
            state = recipe if isinstance(recipe, StatefulRecipe) else None
            for name in recipe.instructions:
                actions[name] = Action(carry_out=partial(recipe.follow, name), changes=state)
        return {name: _checked(name, action) for name, action in actions.items()}

    def _save(self, _: Mapping[str, Any]) -> str:
        if failure := self._saving.ensure_safe(SAVE_NOW_TIMEOUT_S):
            raise InstructionRefusedError(failure)
        return f"The checkpoint of step {self._progress.step} is safe."

    def _set_learning_rate(self, arguments: Mapping[str, Any]) -> str:
        peak = float(arguments["value"])
        self._learning_rate.replace_peak(peak)
        upcoming = self._learning_rate(self._progress.step)
        return f"The peak of the learning rate is {peak:g}, and that of the next step {upcoming:g}."

    def _draw(self, drawing: Drawing, arguments: Mapping[str, Any]) -> str:
        if arguments:
            raise InstructionRefusedError(
                f"{SAMPLE_NOW} takes no arguments here, but {', '.join(sorted(arguments))} came."
            )
        if failure := drawing.draw(self._progress.step):
            raise InstructionRefusedError(failure)
        return f"The pictures of step {self._progress.step} are drawn."


def _checked(name: str, action: Action) -> Action:
    """Refuses wrong arguments as well: a server of another version may have let them pass."""

    def carry_out(arguments: Mapping[str, Any]) -> str:
        try:
            check_arguments(name, arguments)
        except ArgumentsError as error:
            raise InstructionRefusedError(str(error)) from None
        return action.carry_out(arguments)

    return replace(action, carry_out=carry_out)
