"""The names of instructions, and the arguments of those that have the same meaning in every run."""

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any

import msgspec

from tracking_plugin.control_messages import MAX_STEP, MAX_UNDERSTOOD_NAMES

NAME_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"
"""Names of instructions and of their arguments."""

_NAME = re.compile(NAME_PATTERN)

RESERVED = frozenset({"pause", "resume", "stop"})
"""Commands that set a desired state: a run follows them without understanding instructions."""


class SkipTrial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """End one trial of a search without a result; the search goes on with the others."""

    trial: Annotated[int, msgspec.Meta(ge=0, le=MAX_STEP)]
    """The number of the trial."""


class ExtendBudget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give the run more time than it was started with."""

    seconds: Annotated[float, msgspec.Meta(gt=0, le=366 * 24 * 3600)]


class SaveNow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Write a checkpoint between two steps, and answer when it is safe."""


class SetLearningRate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Replace the peak of the schedule of the learning rate, whose form stays as it is."""

    value: Annotated[float, msgspec.Meta(gt=0, lt=10)]


MAX_PROMPTS = 16
MAX_PROMPT_CHARS = 1000

_PROMPTS = tuple(f"prompt_{number}" for number in range(1, MAX_PROMPTS + 1))
_Prompt = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_PROMPT_CHARS)]

# Arguments are flat, so each prompt is one of them; the first is required, the others may have gaps.
SetPrompts = msgspec.defstruct(
    "SetPrompts",
    [(_PROMPTS[0], _Prompt), *((name, _Prompt | None, None) for name in _PROMPTS[1:])],
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
)

SKIP_TRIAL = "skip_trial"
EXTEND_BUDGET = "extend_budget"
SAVE_NOW = "save_now"
SET_LEARNING_RATE = "set_learning_rate"
SET_PROMPTS = "set_prompts"
SAMPLE_NOW = "sample_now"
"""Its arguments are the program's own."""

ARGUMENTS: Mapping[str, type[msgspec.Struct]] = {
    SKIP_TRIAL: SkipTrial,
    EXTEND_BUDGET: ExtendBudget,
    SAVE_NOW: SaveNow,
    SET_LEARNING_RATE: SetLearningRate,
    SET_PROMPTS: SetPrompts,
}
"""The instructions with arguments that are checked before they are stored. A run may understand others."""


class ArgumentsError(ValueError):
    """The arguments do not fit the instruction; the message says which was expected and which came."""


def check_arguments(name: str, arguments: Mapping[str, Any]) -> None:
    """Raises ArgumentsError if the instruction is one of ARGUMENTS and does not take these."""
    if name not in ARGUMENTS:
        return
    try:
        msgspec.convert(dict(arguments), ARGUMENTS[name])
    except msgspec.ValidationError as error:
        raise ArgumentsError(f"{name}: {error}") from None


def prompts_of(arguments: Mapping[str, Any]) -> list[str]:
    """The prompts of SET_PROMPTS by their numbers, which replace those that the run had."""
    return [str(arguments[name]) for name in _PROMPTS if arguments.get(name)]


def checked_names(names: Collection[str]) -> list[str]:
    """`names` in their order. Raises ValueError for one that no instruction can have."""
    for name in names:
        if not _NAME.fullmatch(name) or name in RESERVED:
            raise ValueError(
                f"{name!r} cannot be the name of an instruction: expected were at most 64 lower-case "
                f"letters, digits and underscores, and none of {', '.join(sorted(RESERVED))}"
            )
    unique = list(dict.fromkeys(names))
    if len(unique) > MAX_UNDERSTOOD_NAMES:
        raise ValueError(
            f"A program may understand {MAX_UNDERSTOOD_NAMES} instructions, but {len(unique)} came"
        )
    return unique
