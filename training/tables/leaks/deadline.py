"""Says whether there is time for another step."""

from collections.abc import Callable


class Deadline:
    """A number of seconds from now on; None is no limit. `clock` gives seconds."""

    def __init__(self, seconds: float | None, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seconds = seconds
        self._begin = clock()
        self._step_begin = self._begin
        self._longest = 0.0

    def has_time(self, share: float = 1.0) -> bool:
        """Whether a step as long as the longest so far would end within this share of the time.

        A step lasts from one call to the next.
        """
        now = self._clock()
        self._longest = max(self._longest, now - self._step_begin)
        self._step_begin = now
        return self._seconds is None or now - self._begin + self._longest <= share * self._seconds

    def new_kind(self) -> None:
        """Forget how long steps last: others follow."""
        self._step_begin = self._clock()
        self._longest = 0.0
