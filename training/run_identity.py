"""The identity of a run: what it trains, on which data and how, and what a resume must find unchanged."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from training.errors import ConfigError

WAY_OUT = "Put it back as it was, or start a new run without --run-id."
NUM_NAMED_DIFFERENCES = 4
LONGEST_VALUE = 200

Facts = Mapping[str, Any]
"""Plain JSON: what a run was trained with, by the words that a refusal names it with."""


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What was found when the training began; from then on nothing of it may change."""

    world_size: int
    samples_per_step: int
    facts: Facts
    initial_weights: str = ""
    """SHA-256 of the file of pre-trained weights; empty without one."""

    @property
    def digest(self) -> str:
        """A hash of everything; 16 hexadecimal digits."""
        text = json.dumps(vars(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class RunIdentity:
    """The identity of a run, as it is stored among its artifacts.

    It is stored first as soon as the run is opened, with the settings as they were requested, and
    again with its beginning before the first step.
    """

    recipe: str
    recipe_version: int
    requested: Mapping[str, Any]
    """The settings that the person has given; paths are absolute."""
    launch: Mapping[str, Any] = field(default_factory=dict)
    """The launch settings that the person has given, which a resume repeats unless it has others."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """The complete settings; empty until the training begins."""
    beginning: Beginning | None = None
    document: Mapping[str, Any] = field(default_factory=dict)
    """What an evaluation of the run reads, such as its taxonomy."""

    def to_json(self) -> dict[str, Any]:
        return {
            **self.document,
            "recipe": self.recipe,
            "recipe_version": self.recipe_version,
            "requested": dict(self.requested),
            "launch": dict(self.launch),
            "config": dict(self.config),
            "beginning": None if self.beginning is None else vars(self.beginning),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`. Raises KeyError, TypeError or ValueError if `values` are no identity.

        Earlier versions of this program stored recipe, configuration and document only.
        """
        rest = dict(values)
        beginning = rest.pop("beginning", None)
        return cls(
            recipe=str(rest.pop("recipe")),
            recipe_version=int(rest.pop("recipe_version", 1)),
            requested=dict(rest.pop("requested", {})),
            launch=dict(rest.pop("launch", {})),
            config=dict(rest.pop("config")),
            beginning=None if beginning is None else Beginning(**beginning),
            document=rest,
        )


def require_same_recipe(run_id: str, identity: RunIdentity, recipe: str, version: int) -> None:
    """Raise ConfigError unless the run trains this recipe, in this version of its code."""
    if identity.recipe != recipe:
        raise ConfigError(
            f"The run {run_id} trains the recipe {identity.recipe}, but {recipe} was asked for. "
            f"Add --recipe {identity.recipe}, or start a new run without --run-id."
        )
    if identity.recipe_version != version:
        raise ConfigError(
            f"The run {run_id} began with version {identity.recipe_version} of the recipe {recipe}, "
            f"but this program has version {version}, which trains differently. Resume it with the "
            "program that it began with, or start a new run without --run-id."
        )


def require_unchanged(
    run_id: str, before: Beginning, now: Beginning, *, has_checkpoint: bool
) -> None:
    """Raise ConfigError that names what is not as it was when the training began.

    The number of ranks may change. A checkpoint replaces the file of pre-trained weights.
    """
    found = [*differences(before.facts, now.facts)]
    if not has_checkpoint and before.initial_weights != now.initial_weights:
        found.append(
            "the content of the weights file is another one, and no checkpoint replaces it"
        )
    if before.samples_per_step != now.samples_per_step:
        found.append(f"a step had {before.samples_per_step} samples and has {now.samples_per_step}")
    if not found:
        return
    named = "; ".join(found[:NUM_NAMED_DIFFERENCES])
    more = len(found) - NUM_NAMED_DIFFERENCES
    raise ConfigError(
        f"The run {run_id} cannot be resumed, because something has changed since it began: "
        f"{named}{f'; and {more} more' if more > 0 else ''}. {WAY_OUT}"
    )


def differences(before: Facts, now: Facts) -> Iterator[str]:
    """A phrase for each fact that is not the same, with its value then and now."""
    for name in dict.fromkeys((*before, *now)):
        if name not in before or name not in now:
            yield f"{name} {'was not recorded' if name not in before else 'is missing now'}"
        elif isinstance(before[name], Mapping) and isinstance(now[name], Mapping):
            yield from (f"{name}: {part}" for part in differences(before[name], now[name]))
        elif before[name] != now[name]:
            yield f"{name} changed from {_shown(before[name])} to {_shown(now[name])}"


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
