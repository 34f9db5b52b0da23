"""Finds the patients of images by their file names."""

import re
from pathlib import Path

import torch
from torch import Tensor

from training.errors import ConfigError


def patient_groups(paths: tuple[str, ...], pattern: str) -> Tensor | None:
    """Int64 [N]: the patient of each image, as an anonymous number; None without a pattern.

    Raises ConfigError if the pattern is not a regular expression with a group, or if it does not
    match every file name.
    """
    if not pattern:
        return None
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise ConfigError(
            f"patient_pattern: {pattern!r} is no regular expression: {error}"
        ) from None
    if expression.groups < 1:
        raise ConfigError(f"patient_pattern: {pattern!r} has no group; put the patient in (…).")
    numbers: dict[str, int] = {}
    groups = []
    for path in paths:
        found = expression.search(Path(path).name)
        if found is None:
            raise ConfigError(
                f"patient_pattern: {pattern!r} does not match every file name of the split."
            )
        groups.append(numbers.setdefault(found.group(1), len(numbers)))
    return torch.tensor(groups)
