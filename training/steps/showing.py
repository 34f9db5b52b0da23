"""Shows an image that the training learns from, at most one in some seconds."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from training.recipe_abilities import ShowingRecipe
from training.recipe_spec import Tracker

logger = logging.getLogger(__name__)

INTERVAL_S = 10.0


class Showing:
    """Used by rank 0. After a failure nothing is shown any more, and the training goes on."""

    def __init__(
        self, recipe: ShowingRecipe, tracker: Tracker, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._recipe = recipe
        self._tracker = tracker
        self._clock = clock
        self._next_s = clock()
        self._has_failed = False

    def show(self, micro_batches: Sequence[Any]) -> None:
        """Show an image of these, if it is time."""
        if self._has_failed or self._clock() < self._next_s:
            return
        try:
            image = self._recipe.current_image(micro_batches[0])
            if image is not None:
                self._tracker.show_image(image)
        except Exception:
            self._has_failed = True
            logger.warning(
                "The current image cannot be shown; the training goes on.", exc_info=True
            )
        self._next_s = self._clock() + INTERVAL_S
