"""Null objects for the ranks that neither record metrics nor show progress."""

from collections.abc import Mapping
from typing import Any

import numpy as np


class NullTracker:
    """A tracker that discards what it is given."""

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None: ...

    def expedite(self) -> None: ...

    def log_json(self, value: object, artifact_path: str) -> None: ...

    def log_image(self, image: np.ndarray[Any, Any], key: str, step: int) -> None: ...

    def set_tags(self, tags: Mapping[str, str]) -> None: ...

    def show_image(self, image: np.ndarray[Any, Any]) -> None: ...


class NullConsole:
    """A console that shows nothing."""

    def begin(self, *, step: int, total_steps: int, steps_per_epoch: int) -> None: ...

    def step(self, step: int, metrics: Mapping[str, float]) -> None: ...

    def evaluation(self, epoch: int, metrics: Mapping[str, float], *, is_best: bool) -> None: ...

    def close(self) -> None: ...
