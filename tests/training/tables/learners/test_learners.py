"""What holds for every learner."""

import inspect
import shutil
from pathlib import Path

import catboost
import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor

from tests.small_disk import fill, small_disk
from tests.training.tables.learners.made_examples import (
    BINARY,
    MULTICLASS,
    QUICK,
    REGRESSION,
    TASKS,
    examples,
)
from tracking_plugin.full_disk import is_of_full_disk
from training.tables.errors import TableError
from training.tables.learners.learner import Examples, LearningTask
from training.tables.learners.links import probabilities_of
from training.tables.learners.losses import log_loss, rmse
from training.tables.learners.registry import LEARNERS, learner_named, load_model
from training.tables.learners.some_classes import SomeClassesModel

LIBRARIES = {
    "catboost": (catboost.CatBoostClassifier, catboost.CatBoostRegressor),
    "lightgbm": (lightgbm.LGBMClassifier, lightgbm.LGBMRegressor),
    "xgboost": (xgboost.XGBClassifier, xgboost.XGBRegressor),
    "hist_gradient_boosting": (HistGradientBoostingClassifier, HistGradientBoostingRegressor),
    "random_forest": (RandomForestClassifier, RandomForestRegressor),
    "linear": (LogisticRegression, Ridge),
    "neural_network": (MLPClassifier, MLPRegressor),
}
CONTINUING = [name for name, learner in LEARNERS.items() if learner.can_continue]


@pytest.mark.parametrize("name", LEARNERS)
def test_a_full_disk_is_recognised_while_a_model_is_saved(name: str, tmp_path: Path) -> None:
    model = LEARNERS[name].fit(BINARY, examples(BINARY), None, QUICK[name])
    with small_disk(tmp_path / "disk", size_kib=64) as disk:
        for left_bytes in (0, 4096):
            fill(disk / "filler", left_bytes=left_bytes)
            with pytest.raises(Exception) as raised:  # noqa: PT011 - each library has its own
                model.save(disk / "model")
            assert is_of_full_disk(raised.value), raised.value
            shutil.rmtree(disk / "model", ignore_errors=True)
            (disk / "filler").unlink()


def chance_loss(task: LearningTask, known: Examples) -> float:
    if not task.has_classes:
        return float(known.targets.std())
    shares = np.bincount(known.targets.astype(int)) / len(known.targets)
    return float(-(shares * np.log(shares)).sum())


def loss(task: LearningTask, predicted: np.ndarray, known: Examples) -> float:
    if not task.has_classes:
        return rmse(predicted[:, 0], known.targets)
    return log_loss(predicted, known.targets.astype(int))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.problem_type.value)
@pytest.mark.parametrize("name", LEARNERS)
def test_a_model_learns_explains_itself_and_is_the_same_after_saving(
    name: str, task: LearningTask, tmp_path: Path
) -> None:
    train, validation = examples(task), examples(task, 60, seed=1)
    model = LEARNERS[name].fit(task, train, validation, QUICK[name])
    predicted, margin = model.predict(validation.values), model.margin(validation.values)
    assert loss(task, predicted, validation) < 0.8 * chance_loss(task, validation)
    assert margin.shape == (60, task.num_outputs)
    if task.has_classes and not model.margin_is_probability:
        assert predicted == pytest.approx(probabilities_of(margin), abs=1e-6)
    elif task.num_outputs == predicted.shape[1]:
        assert predicted == pytest.approx(margin)

    parts = model.contributions(validation.values)
    assert parts.shape == (60, task.num_outputs, task.num_features + 1)
    assert np.abs(parts.sum(axis=2) - margin).max() < 1e-4
    shares = np.abs(parts[:, :, :-1]).mean(axis=(0, 1))
    assert shares.argmin() == 3, "the feature without a part in the target contributes least"

    model.save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert np.array_equal(loaded.predict(validation.values), predicted)
    assert np.array_equal(loaded.contributions(validation.values[:5]), parts[:5])
    assert (loaded.rounds, loaded.margin_name) == (model.rounds, model.margin_name)


@pytest.mark.parametrize("name", LEARNERS)
def test_equal_fits_make_equal_models(name: str) -> None:
    train = examples(MULTICLASS)
    first, second = (LEARNERS[name].fit(MULTICLASS, train, None, QUICK[name]) for _ in range(2))
    assert np.array_equal(first.predict(train.values), second.predict(train.values))


@pytest.mark.parametrize("name", [name for name in LEARNERS if name != "linear"])
def test_a_stop_between_rounds_keeps_what_was_learned(name: str) -> None:
    seen: list[int] = []

    def after_the_second(num_rounds: int) -> bool:
        seen.append(num_rounds)
        return len(seen) == 2

    train = examples(BINARY)
    model = LEARNERS[name].fit(BINARY, train, None, QUICK[name], should_stop=after_the_second)
    assert len(seen) == 2
    assert model.rounds == seen[1]
    assert model.predict(train.values).shape == (240, 2)


@pytest.mark.parametrize("name", LEARNERS)
def test_classes_without_rows_get_an_output_that_is_next_to_nothing(
    name: str, tmp_path: Path
) -> None:
    known = examples(MULTICLASS)
    kept = known.targets != 1
    model = LEARNERS[name].fit(
        MULTICLASS, Examples(known.values[kept], known.targets[kept]), known, QUICK[name]
    )
    model.save(tmp_path / "model")
    model = load_model(tmp_path / "model")
    predicted = model.predict(known.values)
    assert predicted.shape == (240, 3)
    assert predicted[:, 1].max() < 1e-6
    assert predicted.sum(axis=1) == pytest.approx(1)
    parts = model.contributions(known.values[:10])
    assert parts.sum(axis=2) == pytest.approx(model.margin(known.values[:10]), abs=1e-4)
    if not model.margin_is_probability:
        assert probabilities_of(model.margin(known.values)) == pytest.approx(predicted, abs=1e-6)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.problem_type.value)
def test_a_target_with_one_value_is_predicted_as_it_is(task: LearningTask, tmp_path: Path) -> None:
    known = examples(task, 12)
    model = LEARNERS["catboost"].fit(task, Examples(known.values, np.ones(12)), None, {})
    model.save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert loaded.predict(known.values)[:, 1 if task.has_classes else 0].tolist() == [1.0] * 12
    parts = loaded.contributions(known.values)
    assert parts.sum(axis=2) == pytest.approx(loaded.margin(known.values))


@pytest.mark.parametrize("name", CONTINUING)
def test_a_continued_model_builds_on_the_given_one(name: str, tmp_path: Path) -> None:
    train, validation = examples(MULTICLASS), examples(MULTICLASS, 60, seed=1)
    short = {
        **QUICK[name],
        **dict.fromkeys(QUICK[name].keys() & {"iterations", "n_estimators", "max_iter"}, 3),
    }
    LEARNERS[name].fit(MULTICLASS, train, None, short).save(tmp_path / "model")
    first = load_model(tmp_path / "model")
    continued = LEARNERS[name].fit(MULTICLASS, train, None, short, initial=first)
    assert continued.rounds == 2 * first.rounds
    if first.rounds:
        assert loss(MULTICLASS, continued.predict(train.values), train) < loss(
            MULTICLASS, first.predict(train.values), train
        )
    parts = continued.contributions(validation.values)
    assert parts.sum(axis=2) == pytest.approx(continued.margin(validation.values), abs=1e-4)


@pytest.mark.parametrize("name", CONTINUING)
def test_a_continued_regression_keeps_what_it_knew(name: str) -> None:
    known = examples(REGRESSION)
    first = LEARNERS[name].fit(REGRESSION, known, None, QUICK[name])
    few = Examples(known.values[:20], known.targets[:20])
    continued = LEARNERS[name].fit(REGRESSION, few, None, QUICK[name], initial=first)
    anew = LEARNERS[name].fit(REGRESSION, few, None, QUICK[name])
    others = Examples(known.values[20:], known.targets[20:])
    assert loss(REGRESSION, continued.predict(others.values), others) < loss(
        REGRESSION, anew.predict(others.values), others
    )


def test_a_continued_network_learns_with_the_given_step_size() -> None:
    learner, known = LEARNERS["neural_network"], examples(BINARY)
    first = learner.fit(BINARY, known, None, QUICK["neural_network"])
    moved = []
    for step_size in (1e-6, 0.05):
        params = {**QUICK["neural_network"], "learning_rate_init": step_size, "max_iter": 2}
        again = learner.fit(BINARY, known, None, params, initial=first)
        moved.append(np.abs(again.predict(known.values) - first.predict(known.values)).max())
    assert moved[0] < 1e-3
    assert moved[1] > 0.05


@pytest.mark.parametrize("name", ["catboost", "linear"])
def test_learners_that_need_rows_of_each_class_to_continue_say_so(name: str) -> None:
    known = examples(MULTICLASS)
    first = LEARNERS[name].fit(MULTICLASS, known, None, QUICK[name])
    kept = known.targets != 1
    few = Examples(known.values[kept], known.targets[kept])
    with pytest.raises(TableError, match="continues only with rows of each class that it knows"):
        LEARNERS[name].fit(MULTICLASS, few, None, QUICK[name], initial=first)


def test_a_model_that_cannot_be_continued_says_so() -> None:
    train = examples(BINARY, 40)
    forest = LEARNERS["random_forest"].fit(BINARY, train, None, {"n_estimators": 2})
    with pytest.raises(TableError, match="Random forest cannot continue a model"):
        LEARNERS["random_forest"].fit(BINARY, train, None, {}, initial=forest)
    with pytest.raises(TableError, match="Expected a model of LightGBM"):
        LEARNERS["lightgbm"].fit(BINARY, train, None, {}, initial=forest)


def test_a_continued_model_gets_no_new_class() -> None:
    known = examples(MULTICLASS)
    kept = known.targets != 1
    first = LEARNERS["lightgbm"].fit(
        MULTICLASS, Examples(known.values[kept], known.targets[kept]), None, QUICK["lightgbm"]
    )
    assert isinstance(first, SomeClassesModel)
    with pytest.raises(TableError, match="a class that the model to be continued never saw"):
        LEARNERS["lightgbm"].fit(MULTICLASS, known, None, QUICK["lightgbm"], initial=first)


@pytest.mark.parametrize("name", LEARNERS)
def test_hyperparameters_are_those_of_the_library(name: str) -> None:
    for task in TASKS:
        library = LIBRARIES[name][0 if task.has_classes else 1]
        signature = inspect.signature(library.__init__).parameters
        params = set(signature)
        if any(item.kind is item.VAR_KEYWORD for item in signature.values()):
            params = set(library().get_params())
        for item in LEARNERS[name].hyperparameters(task):
            assert item.name in params, item
            assert item.convert(item.default) == item.default, item


@pytest.mark.parametrize("name", LEARNERS)
def test_values_that_no_library_takes_do_no_harm(name: str) -> None:
    known = examples(BINARY, 60)
    known.values[0, 0], known.values[1, 0], known.values[:, 3] = np.inf, -1e300, np.nan
    model = LEARNERS[name].fit(BINARY, known, known, QUICK[name])
    assert np.isfinite(model.predict(known.values)).all()
    assert np.isfinite(model.contributions(known.values)).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"learning_rate": -1},
            "learning_rate of LightGBM must be a number from 0.0001 to 1, but is -1",
        ),
        ({"n_estimators": 2.5}, "must be a whole number from 1 to 20000, but is 2.5"),
        ({"n_estimators": True}, "but is True"),
        ({"num_leaves": "many"}, "but is 'many'"),
        ({"learning_rate": float("nan")}, "but is nan"),
        ({"depth": 3, "x\x00": 1}, "no hyperparameter 'depth', 'x"),
    ],
)
def test_hyperparameters_out_of_range_are_named(params: dict[str, object], message: str) -> None:
    with pytest.raises(TableError, match=message):
        LEARNERS["lightgbm"].check(params)


def test_hyperparameters_are_completed_in_their_type() -> None:
    checked = LEARNERS["random_forest"].check({"n_estimators": 7.0, "max_features": 1})
    assert (checked["n_estimators"], checked["max_features"]) == (7, 1.0)
    assert checked["bootstrap"] is True
    linear = LEARNERS["linear"]
    assert linear.check(linear.check({"C": 2}), MULTICLASS) == {"C": 2.0, "max_iter": 500}


def test_rows_that_do_not_fit_the_task_are_refused() -> None:
    known = examples(BINARY, 10)
    learner = LEARNERS["linear"]
    with pytest.raises(TableError, match="rows of 4 features"):
        learner.fit(BINARY, Examples(known.values[:, :3], known.targets), None, {})
    with pytest.raises(TableError, match="codes of classes from 0 to 1"):
        learner.fit(BINARY, Examples(known.values, known.targets + 1), None, {})
    with pytest.raises(TableError, match="a number as the target"):
        learner.fit(REGRESSION, Examples(known.values, known.targets * np.nan), None, {})
    with pytest.raises(TableError, match="one target for each"):
        learner.fit(BINARY, Examples(known.values[:0], known.targets[:0]), None, {})


def test_folders_without_a_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="Expected the folder of a model"):
        load_model(tmp_path)
    (tmp_path / "learner.json").write_text('{"format": 9}')
    with pytest.raises(TableError, match="Expected the folder of a model"):
        load_model(tmp_path)
    with pytest.raises(TableError, match="Expected one of the models linear, lightgbm, "):
        learner_named("perceptron")
    LEARNERS["linear"].fit(BINARY, examples(BINARY, 20), None, {}).save(tmp_path)
    (tmp_path / "model.skops").unlink()
    with pytest.raises(TableError, match="lacks some"):
        load_model(tmp_path)
