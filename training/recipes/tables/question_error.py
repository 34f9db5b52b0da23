"""The error of a pipeline that cannot go on without an answer."""

from typing import TypeVar

from training.tables.errors import TableError
from training.tables.question import Question

T = TypeVar("T")


class UnansweredError(TableError):
    """The table allows two readings, and the settings do not say which one is meant."""

    def __init__(self, question: Question) -> None:
        options = ", ".join(f"'{option}'" for option in question.options[:20])
        super().__init__(
            f'{question.text} Answer with answers={{"{question.id}": …}}, one of {options}.'
        )
        self.question = question


def require_answered(found: T | Question) -> T:
    """What was found. Raises UnansweredError if it is a question."""
    if isinstance(found, Question):
        raise UnansweredError(found)
    return found
