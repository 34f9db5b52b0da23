"""A question to the user, asked where two readings of a table are likely."""

from collections.abc import Mapping
from dataclasses import dataclass

from training.tables.errors import TableError
from training.tables.printable import printable

Answers = Mapping[str, str]
"""The chosen option of each question that was answered, by the question's id."""

NO_ANSWERS: Answers = {}


@dataclass(frozen=True, kw_only=True)
class Question:
    """The same input and the same answers always give a question the same `id`."""

    id: str
    text: str
    options: tuple[str, ...]


def answer_to(question: Question, answers: Answers) -> str | None:
    """The option that was chosen; None if the question was not answered.

    Raises TableError if the answer is none of the options.
    """
    answer = answers.get(question.id)
    if answer is None or answer in question.options:
        return answer
    options = ", ".join(f"{printable(option)!r}" for option in question.options)
    raise TableError(
        f"Expected one of {options} as the answer to the question {printable(question.id)!r}, "
        f"but got {printable(answer)!r}."
    )
