"""Makes the steps that a program reports rise, as the server expects them."""

import logging

from tracking_plugin.control_messages import MAX_STEP

logger = logging.getLogger(__name__)


class ReportedSteps:
    """Leaves out a step that is negative, too large, or before one that was reported."""

    def __init__(self) -> None:
        self._highest = 0
        self._has_warned = False

    def checked(self, step: int | None) -> int | None:
        """`step` as a plain integer, which JSON can encode; None if it is left out."""
        if step is None:
            return None
        # The integer types of NumPy and other libraries cannot be encoded.
        number = int(step)
        if self._highest <= number <= MAX_STEP:
            self._highest = number
            return number
        self._warn(number)
        return None

    def _warn(self, number: int) -> None:
        if not self._has_warned:
            self._has_warned = True
            logger.warning(
                "Step %d is not reported: expected was one from %d to 2**53. Steps only rise, so "
                "count them over all epochs. Control works on",
                number,
                self._highest,
            )
