"""Knows which steps of each metric MLflow has, so that a resumed run repeats none and loses none."""

from collections.abc import Callable, Iterable, Mapping

CHUNK_BITS = 10
"""A chunk is a number with one bit for each of 1,024 steps; sets of steps are kept for whole runs."""
_IN_CHUNK = (1 << CHUNK_BITS) - 1


class StepSet:
    """A set of steps that takes about a bit for each step of a dense range."""

    def __init__(self) -> None:
        self._chunks: dict[int, int] = {}

    def add(self, step: int) -> None:
        chunk = step >> CHUNK_BITS
        self._chunks[chunk] = self._chunks.get(chunk, 0) | 1 << (step & _IN_CHUNK)

    def __contains__(self, step: int) -> bool:
        return bool(self._chunks.get(step >> CHUNK_BITS, 0) >> (step & _IN_CHUNK) & 1)


class DeliveredSteps:
    """The steps that MLflow has of each metric; used by one thread.

    `latest` is the highest step of each metric at the beginning. `history` reads all steps of a metric
    from MLflow, and is called at most once for each metric: when the first point comes whose step
    is not above the highest one. Such a point is a repetition only if MLflow has its step.
    """

    def __init__(self, latest: Mapping[str, int], history: Callable[[str], Iterable[int]]) -> None:
        self._latest = latest
        self._history = history
        self._steps: dict[str, StepSet] = {}
        self._has_history: set[str] = set()

    def has(self, key: str, step: int) -> bool:
        """Whether MLflow has the point. Raises the errors of the endpoint."""
        steps = self._steps.setdefault(key, StepSet())
        if step in steps:
            return True
        if step > self._latest.get(key, step - 1) or key in self._has_history:
            return False
        for earlier in self._history(key):
            steps.add(earlier)
        self._has_history.add(key)
        return step in steps

    def add(self, points: Iterable[tuple[str, int]]) -> None:
        """Note points that have been delivered."""
        for key, step in points:
            self._steps.setdefault(key, StepSet()).add(step)
