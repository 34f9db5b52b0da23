"""Custom training as the pages of the exoplanet frontend call it, with a simulated pipeline."""

import csv
import shlex
from pathlib import Path

import pytest

from tests.api.client.fake_ray import TrainingServer
from tests.api.custom_training.exoplanet_pages import ExoplanetPages, refusal, shown_predictions
from tests.api.custom_training.nasa_copies import NUM_ROWS
from tests.api.projects.image_archive import image_archive
from tests.api.projects.project_client import TABLE, UNCLEAR
from tests.api.projects.simulated_pipeline import SimulatedPipeline
from tests.waiting import until


def flags(training: TrainingServer, session_id: str) -> dict[str, str]:
    """Those of the command of the session's job, once it is submitted, that have a value."""
    command = until(lambda: training.ray.entrypoints.get(session_id), "the job")
    words = shlex.split(command)
    pairs = (word.partition("=") for word in words if word.startswith("--"))
    return {name: value for name, equals, value in pairs if equals}


def folders(training: TrainingServer) -> set[str]:
    root = training.server.data_dir / "projects"
    return {path.name for path in root.iterdir()} if root.is_dir() else set()


def test_the_pages_train_on_a_table_of_nasa_and_show_predictions(
    pages: ExoplanetPages, training: TrainingServer, pipeline: SimulatedPipeline
) -> None:
    pipeline.waits = True
    parameters = {"n_estimators": 50, "learning_rate": 0.1}
    session_id = pages.started("XGBoost", dataset="kepler", hyperparameters=parameters)

    assert pages.progress(session_id)["status"] == "running"
    assert refusal(pages.result(session_id))[0] == 400
    pipeline.release(100)
    assert pages.until_status(session_id, "completed")["progress"] == 100

    data = pages.result(session_id).json()
    assert data["success"] is True
    assert data["metrics"]["accuracy"] == 0.75
    assert data["metrics"]["confusion_matrix"] == [[4, 1], [2, 5]]
    (prediction,) = data["predictions"]
    assert (prediction["id"], prediction["actual"]) == (0, "well")
    assert sum(prediction["probabilities"].values()) == pytest.approx(1)
    (shown,) = shown_predictions(data["predictions"])
    assert shown["reasons"] == ["age: 75.0% importance", "height: 25.0% importance"]
    assert data["model_info"]["run_id"] == session_id

    given = flags(training, session_id)
    assert given["--answers"] == '{"target": "koi_disposition"}'
    assert given["--group"] == "kepid"
    assert given["--learners"] == '["xgboost"]'
    assert given["--hyperparameters"] == '{"n_estimators": 50, "learning_rate": 0.1}'


def test_several_tables_of_nasa_become_one(pages: ExoplanetPages, training: TrainingServer) -> None:
    session_id = pages.started("logistic_regression", dataset="kepler, tess")

    given = flags(training, session_id)
    assert (given["--group"], given["--learners"]) == ("star", '["linear"]')
    with Path(given["--data"]).open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * NUM_ROWS
    assert {row["disposition"] for row in rows} == {"CONFIRMED", "CANDIDATE", "FALSE POSITIVE"}
    assert {row["mission"] for row in rows} == {"kepler", "tess"}
    pages.until_status(session_id, "completed")


def test_an_uploaded_table_is_trained_on_and_a_second_one_predicted(
    pages: ExoplanetPages, training: TrainingServer
) -> None:
    files = {
        "training_file": ("train.csv", TABLE.encode()),
        "testing_file": ("test.csv", TABLE.encode()),
    }
    session_id = pages.started("auto", files=files, data_format="csv", target="outcome")

    given = flags(training, session_id)
    assert "--learners" not in given
    assert Path(given["--test-data"]).read_text() == TABLE
    pages.until_status(session_id, "completed")


def test_a_training_that_fails_or_is_stopped_is_an_error(
    pages: ExoplanetPages, pipeline: SimulatedPipeline
) -> None:
    pipeline.fails = True
    session_id = pages.started(
        "rf", files={"training_file": ("t.csv", TABLE.encode())}, target="outcome"
    )

    assert pages.until_status(session_id, "error")["current_step"] == "No model could be trained."
    status, sentence = refusal(pages.result(session_id))
    assert status == 400
    assert "No model could be trained." in sentence


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"model": "svm"}, ("model_type", "'svm'", "xgboost", "neural_network")),
        ({"model": ""}, ("model_type",)),
        ({"dataset": "kepler,hubble"}, ("dataset_name", "'hubble'", "kepler, tess, k2")),
        ({"hyperparameters": {"learning_rate": -1}}, ("hyperparameters.learning_rate", "-1")),
        ({"hyperparameters": {"speed": 3}}, ("XGBoost has no 'speed'", "learning_rate")),
        ({"hyperparameters": [1]}, ("hyperparameters",)),
        ({"model": "auto", "hyperparameters": {"C": 1}}, ("model_type",)),
        ({"dataset": None}, ("training_file",)),
        (
            {"dataset": None, "files": {"training_file": ("t.csv", UNCLEAR.encode())}},
            ("`target`", "'a'"),
        ),
        (
            {"dataset": None, "files": {"training_file": ("eyes.zip", image_archive())}},
            ("training_file", "an archive came"),
        ),
    ],
    ids=[
        *("unknown model", "no model", "unknown table", "learning rate", "unknown parameter"),
        *("no object", "parameters of no model", "no file", "unclear target", "images"),
    ],
)
def test_a_wrong_form_is_refused_with_a_sentence_and_leaves_nothing(
    pages: ExoplanetPages,
    training: TrainingServer,
    arguments: dict[str, object],
    words: tuple[str, ...],
) -> None:
    before = folders(training)

    status, sentence = refusal(pages.train(**{"dataset": "kepler", **arguments}))  # type: ignore[arg-type]

    assert status == 400
    for word in words:
        assert word in sentence
    assert folders(training) == before


def test_a_table_that_cannot_be_fetched_is_asked_for(
    pages: ExoplanetPages, training: TrainingServer
) -> None:
    before = folders(training)

    status, sentence = refusal(pages.train(dataset="k2"))

    assert status == 503
    for word in ("k2pandc.csv", "FOVEA_NASA_TABLES", "TAP/sync?query=select+*+from+k2pandc"):
        assert word in sentence
    assert folders(training) == before


@pytest.mark.parametrize("session_id", ["0" * 32, "no-session"])
def test_an_unknown_session_is_not_found(pages: ExoplanetPages, session_id: str) -> None:
    for path in ("progress", "result"):
        response = pages.http.get(f"/api/custom/{path}/{session_id}")
        assert refusal(response) == (404, "Session not found")


def test_a_registered_model_predicts_a_table(
    pages: ExoplanetPages, training: TrainingServer
) -> None:
    table = ("t.csv", TABLE.encode())
    data = pages.train("rf", files={"training_file": table}, target="outcome").json()
    pages.until_status(data["session_id"], "completed")
    model = f"project-{data['project_id']}"

    response = pages.predict(model, {"testing_file": table})

    assert response.status_code == 202, response.text
    session_id = response.json()["session_id"]
    given = flags(training, session_id)
    assert given["--pretrained"] == model
    assert Path(given["--data"]).read_text() == TABLE
    pages.until_status(session_id, "completed")
    result = pages.http.get(f"/api/pretrained/result/{session_id}").json()
    assert result["predictions"][0]["prediction"] == "ill"


def test_a_registered_model_learns_from_a_table_and_predicts_another(
    pages: ExoplanetPages, training: TrainingServer, pipeline: SimulatedPipeline
) -> None:
    table = ("t.csv", TABLE.encode())
    data = pages.train("rf", files={"training_file": table}, target="outcome").json()
    pages.until_status(data["session_id"], "completed")
    model = f"project-{data['project_id']}"
    pipeline.finetunes = True

    response = pages.predict(
        f"models:/{model}/1",
        {"training_file": table, "testing_file": ("second.csv", b"a,b\n1,2\n")},
        hyperparameters='{"learning_rate": 0.02, "n_estimators": 50}',
        group="age",
        budget_s="30",
        alias="next",
    )

    assert response.status_code == 202, response.text
    started = response.json()
    assert started["message"] == "Fine-tuning started"
    given = flags(training, started["session_id"])
    assert given["--finetune"] == f"models:/{model}/1"
    assert given["--hyperparameters"] == '{"learning_rate": 0.02, "n_estimators": 50}'
    assert (given["--group"], given["--budget-s"]) == ("age", "30.0")
    assert (given["--register-as"], given["--finetuned-alias"]) == (model, "next")
    assert Path(given["--data"]).read_text() == TABLE
    assert Path(given["--test-data"]).read_text() == "a,b\n1,2\n"
    pages.until_status(started["session_id"], "completed")
    metrics = pages.http.get(f"/api/pretrained/result/{started['session_id']}").json()["metrics"]
    assert (metrics["before"]["macro_f1"], metrics["macro_f1"]) == (0.6, 0.79)
    assert metrics["difference"]["macro_f1"] == {"value": 0.19, "interval": [0.1, 0.3]}
    assert metrics["fine_tuning"]["verdict"] == "better"


def test_what_a_fine_tuning_cannot_take_is_named(
    pages: ExoplanetPages, training: TrainingServer
) -> None:
    before = folders(training)
    table = ("t.csv", TABLE.encode())
    both = {"training_file": table, "testing_file": table}

    for files, more, words in (
        (both, {"hyperparameters": '{"speed": 3}'}, ("hyperparameters", "'speed'")),
        (both, {"hyperparameters": '{"learning_rate": 9}'}, ("hyperparameters", "9")),
        (both, {"hyperparameters": "[1]"}, ("hyperparameters",)),
        (both, {"register_as": "a/b"}, ("register_as",)),
        (both, {"budget_s": "0"}, ("budget_s",)),
        ({"testing_file": table}, {"alias": "next"}, ("alias", "training_file")),
        (both, {}, ("'nothing'", "version 7")),
    ):
        status, sentence = refusal(pages.predict("nothing/7", files, **more))
        assert status == 400
        for word in words:
            assert word in sentence
    assert folders(training) == before


def test_a_prediction_needs_a_registered_model_and_a_table(
    pages: ExoplanetPages, training: TrainingServer
) -> None:
    before = folders(training)
    table = {"testing_file": ("t.csv", TABLE.encode())}

    for name, files, word in (
        ("nothing", table, "the registry has no model 'nothing' with the alias champion"),
        ("nothing@best", table, "alias best"),
        ("a/b", table, "model_name"),
        ("nothing", {}, "testing_file"),
    ):
        status, sentence = refusal(pages.predict(name, files))
        assert status == 400
        assert word in sentence
    assert folders(training) == before
