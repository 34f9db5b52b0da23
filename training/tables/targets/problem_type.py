"""Decides whether a target has classes or is a number, or asks where both are likely."""

import re
from enum import StrEnum

from training.tables.columns.column_profile import ColumnProfile
from training.tables.descriptions import ColumnKind
from training.tables.printable import printable
from training.tables.question import Answers, Question, answer_to

MAX_WHOLE_CLASSES = 20
"""A whole-number target of more values is a number, unless the user says otherwise."""

_CLASS_WORDS = re.compile(
    r"\b(class\w*|categor\w+|which|whether|diagnos\w+|label\w*|types?|kinds?|species|detect\w*)\b",
    re.IGNORECASE,
)
_NUMBER_WORDS = re.compile(
    r"\b(how (much|many|long|far|old)|amounts?|prices?|costs?|number of|counts?|regression|"
    r"forecast\w*|estimat\w+|values?|scores?|ratings?|age|duration|temperature|demand|sales)\b",
    re.IGNORECASE,
)


class ProblemType(StrEnum):
    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


def says_classes(description: str) -> bool:
    """Whether the description has words about classes, such as `which` or `classify`."""
    return _CLASS_WORDS.search(description) is not None


def class_problem(num_classes: int) -> ProblemType:
    return ProblemType.BINARY if num_classes == 2 else ProblemType.MULTICLASS


def find_problem_type(
    column: ColumnProfile, *, is_whole: bool, description: str, answers: Answers
) -> ProblemType | Question:
    """The problem type of a target; `is_whole` says that all its numbers are whole.

    A question with the id `problem_type` if a number has few values and the description does not
    say whether they are classes.
    """
    if column.kind is not ColumnKind.NUMBER:
        return class_problem(column.num_distinct)
    if column.num_distinct == 2:
        return ProblemType.BINARY
    question = Question(
        id="problem_type",
        text=(
            f"The column '{printable(column.name)}' has {column.num_distinct:,} different "
            "numbers. Are they classes, or amounts?"
        ),
        options=(ProblemType.MULTICLASS, ProblemType.REGRESSION),
    )
    if (answer := answer_to(question, answers)) is not None:
        return ProblemType(answer)
    if not is_whole or column.num_distinct > MAX_WHOLE_CLASSES:
        return ProblemType.REGRESSION
    has_classes = says_classes(description)
    has_numbers = _NUMBER_WORDS.search(description) is not None
    if has_classes == has_numbers:
        return question
    return ProblemType.MULTICLASS if has_classes else ProblemType.REGRESSION
