"""The target is found from the description and the data, or asked for; never guessed."""

from pathlib import Path

import pytest

from tests.training.tables.exoplanets import kepler_table, tess_table
from tests.training.tables.reading import typed
from training.tables.errors import TableError
from training.tables.profile import profile
from training.tables.question import Answers, Question
from training.tables.target import RANK_UNDECIDED, TargetChoice, find_target
from training.tables.targets.problem_type import ProblemType

HOUSES = "rooms,SalePrice,city,age\n" + "".join(
    f"{1 + n % 4},{100_000 + 37 * n * n},{'AB'[n % 2]}x,{n % 30}\n" for n in range(60)
)
CHURN = "user_id,plan,Churn,months\n" + "".join(
    f"{n},{'abc'[n % 3]},{'yes' if n % 5 else 'no'},{n % 25}\n" for n in range(60)
)
IRIS = "sepal_length,petal_width,species\n" + "".join(
    f"{4 + n / 10},{n / 20},{['setosa', 'virginica', 'versicolor'][n % 3]}\n" for n in range(60)
)
TWO = "early_outcome,late_outcome,x\n" + "".join(
    f"{'pq'[n % 2]},{'uvw'[n % 3]},{n / 7}\n" for n in range(60)
)


def find(
    folder: Path, content: str, description: str, answers: Answers | None = None
) -> TargetChoice | Question:
    table = typed(folder, content)
    return find_target(table, profile(table), description, answers or {})


def chosen(
    folder: Path, content: str, description: str, answers: Answers | None = None
) -> TargetChoice:
    found = find(folder, content, description, answers)
    assert isinstance(found, TargetChoice), found
    return found


def asked(folder: Path, content: str, description: str, answers: Answers | None = None) -> Question:
    found = find(folder, content, description, answers)
    assert isinstance(found, Question), found
    return found


def test_the_disposition_of_kepler_objects_is_found_from_one_sentence(tmp_path: Path) -> None:
    found = chosen(tmp_path, kepler_table(), "Find out which Kepler objects are planets")
    assert found.column == "koi_disposition"
    assert found.problem_type is ProblemType.MULTICLASS
    assert list(found.classes) == ["CANDIDATE", "CONFIRMED", "FALSE POSITIVE"]
    assert found.undecided == ("CANDIDATE",)
    assert not found.ranks_undecided
    assert "dispositions of exoplanets" in found.reason
    assert found.alternatives == ("koi_pdisposition",)
    assert [question.id for question in found.offers] == ["undecided_labels"]


def test_the_disposition_of_tess_objects_is_found(tmp_path: Path) -> None:
    found = chosen(tmp_path, tess_table(), "Which TESS objects are real planets?")
    assert found.column == "tfopwg_disp"
    assert found.undecided == ("APC", "PC")


def test_undecided_labels_are_no_classes_if_they_are_ranked(tmp_path: Path) -> None:
    answers = {"undecided_labels": RANK_UNDECIDED}
    found = chosen(tmp_path, kepler_table(), "which are planets", answers)
    assert found.problem_type is ProblemType.BINARY
    assert list(found.classes) == ["CONFIRMED", "FALSE POSITIVE"]
    assert found.ranks_undecided
    assert found.offers == ()


@pytest.mark.parametrize(
    ("content", "description", "column", "problem_type"),
    [
        (HOUSES, "Predict house prices", "SalePrice", "regression"),
        (HOUSES, "Estimate the sale price from rooms and age", "SalePrice", "regression"),
        (HOUSES, "Predict age using SalePrice", "age", "regression"),
        (CHURN, "Which customers will churn?", "Churn", "binary"),
        (CHURN, "predict Churn given months and plan", "Churn", "binary"),
        (IRIS, "Classify iris flowers", "species", "multiclass"),
        (IRIS, "", "species", "multiclass"),
        (TWO, "predict late_outcome", "late_outcome", "multiclass"),
        (kepler_table(), "Predict koi_prad from koi_period", "koi_prad", "regression"),
    ],
)
def test_the_target_is_found(
    tmp_path: Path, content: str, description: str, column: str, problem_type: str
) -> None:
    found = chosen(tmp_path, content, description)
    assert (found.column, found.problem_type) == (column, problem_type)


@pytest.mark.parametrize(
    ("content", "description", "options"),
    [
        (TWO, "find the outcome", ("early_outcome", "late_outcome")),
        (TWO, "", ("early_outcome", "late_outcome")),
        (HOUSES, "", ("SalePrice", "age", "city", "rooms")),
        (HOUSES, "what will happen", ("SalePrice", "age", "city", "rooms")),
    ],
)
def test_a_target_that_is_not_clear_is_asked_for(
    tmp_path: Path, content: str, description: str, options: tuple[str, ...]
) -> None:
    question = asked(tmp_path, content, description)
    assert question.id == "target"
    assert tuple(sorted(question.options)) == options


def test_a_description_of_something_else_is_not_overruled_by_a_label(tmp_path: Path) -> None:
    question = asked(tmp_path, kepler_table(), "predict the radius")
    assert "koi_disposition" in question.options
    assert "kepoi_name" not in question.options


def test_an_answer_may_name_any_column(tmp_path: Path) -> None:
    found = chosen(tmp_path, TWO, "", {"target": "x"})
    assert found.problem_type is ProblemType.REGRESSION
    assert "named by the user" in found.reason


def test_few_whole_numbers_are_asked_about_unless_the_description_tells(tmp_path: Path) -> None:
    content = "x,stage\n" + "".join(f"{n / 3},{n % 4}\n" for n in range(60))
    question = asked(tmp_path, content, "predict stage")
    assert question.id == "problem_type"
    assert "4 different numbers" in question.text
    for answer in question.options:
        found = chosen(tmp_path, content, "predict stage", {"problem_type": answer})
        assert found.problem_type == answer
    classes = chosen(tmp_path, content, "classify by stage")
    assert classes.classes == {"0": 15, "1": 15, "2": 15, "3": 15}
    assert chosen(tmp_path, content, "how many stages?").problem_type is ProblemType.REGRESSION


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("speces", "there is no 'speces'. Similar names: 'species'"),
        ("one", "at least two classes or numbers in the target 'one', but it has 1"),
        ("none", "but it has 0"),
        ("day", "it has dates"),
    ],
)
def test_a_target_that_cannot_be_learned_is_refused(
    tmp_path: Path, target: str, reason: str
) -> None:
    rows = "".join(f"{'ab'[n % 2]},x,,2020-01-{n + 1:02d}\n" for n in range(9))
    with pytest.raises(TableError) as refused:
        find(tmp_path, f"species,one,none,day\n{rows}", "", {"target": target})
    assert reason in str(refused.value)


def test_a_table_without_anything_to_learn_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"K{n},1\n" for n in range(9))
    with pytest.raises(TableError, match="all columns are empty, constant"):
        find(tmp_path, f"name,one\n{rows}", "find it")


def test_too_many_classes_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"k{n // 2},{n}\n" for n in range(2100))
    with pytest.raises(TableError, match="at most 1,000 classes"):
        find(tmp_path, f"name,x\n{rows}", "", {"target": "name"})


def test_a_class_with_one_row_and_rows_without_label_are_named(tmp_path: Path) -> None:
    rows = "".join(f"{'ab'[n % 2]},{n}\n" for n in range(9)) + "rare,3\n,4\nNA,5\n"
    found = chosen(tmp_path, f"label,x\n{rows}", "")
    assert found.classes == {"a": 5, "b": 4, "rare": 1}
    assert found.num_unlabelled == 2
    assert "'rare' have a single row" in found.notes[0]
    assert "2 rows have no label" in found.notes[1]
