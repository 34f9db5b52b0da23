"""Counts the images that an engine works on, and refuses more than it has places for."""

from collections.abc import Iterator
from contextlib import contextmanager

from serving.errors import Reason, ServingError


class Places:
    """A bounded number of places in a queue."""

    def __init__(self, limit: int, *, things: str) -> None:
        """`things` says in the refusal what the places are for, such as "images"."""
        self.limit = limit
        self.num_taken = 0
        self._things = things

    @contextmanager
    def taken(self, count: int) -> Iterator[None]:
        """Hold `count` places while inside. Raises ServingError QUEUE_FULL if there are fewer."""
        if self.num_taken + count > self.limit:
            raise ServingError(
                Reason.QUEUE_FULL,
                f"The queue is full: {self.num_taken} {self._things} of at most {self.limit} wait. "
                "Send the request again later.",
            )
        self.num_taken += count
        try:
            yield
        finally:
            self.num_taken -= count
