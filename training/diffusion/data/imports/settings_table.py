"""Takes over another trainer's settings by a table of names, and says which were not taken and why."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tracking_plugin.printable import printable

MAX_TEXT = 4096
MAX_PROMPTS = 16
MAX_PROMPT_CHARS = 1000
MAX_NAMED = 200
"""Of the settings that were not taken; a strange file may have any number."""
LONGEST_NAME = 120
BY_MODEL = "the family and what it predicts are read from the base model"
ARTIFACT = "what a run makes is in its artifacts"
HARDWARE = "chosen for the machine by this program"
CACHED = "latents and embeddings are always cached on disk, if that is possible"
DRAWN_TIMES = "timesteps are drawn as the family's authors did"
PLAIN_NOISE = "the noise is the plain one of the family"
AS_WRITTEN = "captions are used as they are written"
ONE_FOLDER = "one folder is read: put these below it, in folders such as 10_name, and use --repeats-by-folder"
MAX_DATASETS = 200
UNKNOWN = "this program does not know it"


class NotTakenError(ValueError):
    """A value that cannot be taken over; the message is the reason."""


@dataclass(frozen=True, kw_only=True)
class NotTaken:
    """A setting of the other trainer, by its own name, and why it was not taken over."""

    name: str
    reason: str


Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class Rule:
    """Our name of a setting, and how its value becomes ours; `convert` raises NotTakenError."""

    name: str
    convert: Convert


Table = Mapping[str, Rule | str]
"""By the other trainer's name: our setting, or the reason why there is none."""


@dataclass
class ImportedSettings:
    """Settings by our names, and what was not taken over."""

    settings: dict[str, Any] = field(default_factory=dict)
    not_taken: list[NotTaken] = field(default_factory=list)
    num_unnamed: int = 0
    """Not taken either, beyond the first MAX_NAMED."""

    def take(self, values: Mapping[str, Any], table: Table, prefix: str = "") -> None:
        """Take each of `values` that `table` knows; later ones replace earlier ones."""
        for name, value in values.items():
            rule = table.get(name, UNKNOWN)
            if isinstance(rule, str):
                self.leave(f"{prefix}{name}", rule)
                continue
            try:
                self.settings[rule.name] = rule.convert(value)
            except NotTakenError as error:
                self.leave(f"{prefix}{name}", str(error))

    def leave(self, name: str, reason: str) -> None:
        if len(self.not_taken) >= MAX_NAMED:
            self.num_unnamed += 1
            return
        self.not_taken.append(NotTaken(name=printable(name, LONGEST_NAME), reason=reason))

    def take_prompts(self, name: str, prompts: Sequence[Any]) -> None:
        """Take the first prompts as `prompts`."""
        good = [
            prompt
            for prompt in prompts
            if isinstance(prompt, str) and 0 < len(prompt) <= MAX_PROMPT_CHARS
        ]
        if len(good) < len(prompts):
            self.leave(name, f"expected texts of 1 to {MAX_PROMPT_CHARS:,} characters")
        if len(good) > MAX_PROMPTS:
            self.leave(name, f"only the first {MAX_PROMPTS} of {len(good):,} prompts are drawn")
        if good:
            self.settings["prompts"] = good[:MAX_PROMPTS]

    def lines(self) -> list[str]:
        """What was not taken, as lines for a terminal."""
        more = [f"{self.num_unnamed:,} other settings"] if self.num_unnamed else []
        return [f"not taken over: {item.name}: {item.reason}" for item in self.not_taken] + more


def text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise NotTakenError(f"expected a text of at most {MAX_TEXT:,} characters")
    return value


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise NotTakenError("expected true or false")
    return value


def flip_share(value: Any) -> float:
    """The share of samples that are flipped."""
    return 0.5 if boolean(value) else 0.0


def integer(lowest: int, highest: int = 10**9) -> Convert:
    def convert(value: Any) -> int:
        number_value = _number(value)
        if number_value != int(number_value) or not lowest <= number_value <= highest:
            raise NotTakenError(f"expected a whole number from {lowest:,} to {highest:,}")
        return int(number_value)

    return convert


def number(lowest: float, highest: float) -> Convert:
    def convert(value: Any) -> float:
        found = _number(value)
        if not lowest <= found <= highest:
            raise NotTakenError(f"expected a number from {lowest:g} to {highest:g}")
        return found

    return convert


def choice(values: Mapping[str, Any]) -> Convert:
    """One of some words, in any case."""

    def convert(value: Any) -> Any:
        word = value.lower() if isinstance(value, str) else value
        if not isinstance(word, str) or word not in values:
            raise NotTakenError(f"expected one of {', '.join(values)}")
        return values[word]

    return convert


def _number(value: Any) -> float:
    """Some configurations write 1e-4 so that YAML reads a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise NotTakenError("expected a number")
    try:
        found = float(value) if not isinstance(value, str) or len(value) <= 32 else math.nan
    except (ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise NotTakenError("expected a number")
    return found


OPTIMIZERS = choice(
    {
        "adamw": "adamw",
        "adamw8bit": "adamw8bit",
        "adafactor": "adafactor",
        "prodigy": "prodigy",
    }
)
SCHEDULES = choice(
    {
        "constant": "constant",
        "constant_with_warmup": "constant",
        "cosine": "cosine",
        "linear": "linear",
    }
)
PRECISIONS = choice(
    {
        **dict.fromkeys(("no", "float", "float32", "fp32"), "fp32"),
        **dict.fromkeys(("float16", "fp16"), "fp16"),
        **dict.fromkeys(("bfloat16", "bf16"), "bf16"),
    }
)
LEARNING_RATE = number(0, 10)
SHARE = number(0, 1)


def own_and_classes(
    datasets: Sequence[dict[str, Any]], found: ImportedSettings, folder: str
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The first data set of each kind: the trained one, and that of the class (`is_reg`).

    Others are noted by their `folder`.
    """
    kinds: tuple[list[dict[str, Any]], list[dict[str, Any]]] = [], []
    for dataset in datasets:
        is_class = dataset.get("is_reg", False) is True
        kinds[is_class].append({name: dataset[name] for name in dataset if name != "is_reg"})
    for kind, name in zip(kinds, (folder, f"{folder} of class images"), strict=True):
        if others := kind[1:]:
            found.leave(f"{name}: {named(each.get(folder) for each in others)}", ONE_FOLDER)
    own, classes = (next(iter(kind), None) for kind in kinds)
    return own, classes


def named(values: Iterable[Any]) -> str:
    """The values as a short printable list."""
    all_values = list(values)
    shown = ", ".join(printable(str(value)[:200], 20) for value in all_values[:3])
    more = len(all_values) - 3
    return f"{shown} and {more} more" if more > 0 else shown
