"""Stand-ins for the ranks that neither record nor show anything."""

from collections.abc import Mapping
from typing import Any

import numpy as np


class SilentTracker:
    """A tracker that forgets."""

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None: ...

    def expedite(self) -> None: ...

    def log_json(self, value: object, artifact_path: str) -> None: ...

    def log_image(self, image: np.ndarray[Any, Any], key: str, step: int) -> None: ...


class SilentConsole:
    """A console that shows nothing."""

    def begin(self, *, step: int, total_steps: int, steps_per_epoch: int) -> None: ...

    def step(self, step: int, metrics: Mapping[str, float]) -> None: ...

    def evaluation(self, epoch: int, metrics: Mapping[str, float], *, is_best: bool) -> None: ...

    def close(self) -> None: ...
