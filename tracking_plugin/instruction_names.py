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


SKIP_TRIAL = "skip_trial"
EXTEND_BUDGET = "extend_budget"

ARGUMENTS: Mapping[str, type[msgspec.Struct]] = {
    SKIP_TRIAL: SkipTrial,
    EXTEND_BUDGET: ExtendBudget,
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
