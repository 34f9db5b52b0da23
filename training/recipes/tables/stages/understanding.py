"""Understands a table by the settings of the recipe, which answer all questions."""

from training.recipes.tables.config import TablesConfig
from training.recipes.tables.question_error import UnansweredError
from training.tables.large.sample import TableSample
from training.tables.reader import ReadTable
from training.tables.understanding import UnclearTable, UnderstoodTable, UserChoices, understand


def understood(
    config: TablesConfig, read: ReadTable, sample: TableSample | None = None
) -> UnderstoodTable:
    """Raises TableError if the table cannot be learned from, or a question has no answer.

    `sample` is what `read` was drawn as, if it is a sample of a larger table.
    """
    choices = UserChoices(
        description=config.description,
        answers=config.answers,
        group=config.group or None,
        is_grouped=config.grouped,
        date=config.date or None,
    )
    found = understand(read, choices, sample)
    if isinstance(found, UnclearTable):
        raise UnansweredError(found.question)
    return found
