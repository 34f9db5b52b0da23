"""The job kinds: their commands, as the training program reads them, and what they create and refuse."""

import argparse
import json
import math
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from hypothesis import given
from hypothesis import strategies as st
from mlflow import MlflowClient
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from sqlalchemy import text

from api.control.mlflow_run import JobTraits
from api.errors import ConflictError
from api.jobs.kinds import (
    EVALUATE,
    JOB_KINDS,
    PROJECT,
    TRAINING,
    UnknownKindError,
    job_traits,
    require_kind,
)
from api.jobs.params import require_allowed_paths
from api.jobs.recipes import recipe_schemas
from api.jobs.schemas import TrainingRequest
from api.jobs.store import Job, JobState, JobStore
from api.routes.jobs import data_roots
from api.runs.reader import RunNotFoundError, RunReader
from api.runs.state import RunState
from api.storage.database import Database
from tests.api.logged_runs import Mlflow, empty_database
from tracking_plugin.data_roots import DataRoots
from tracking_plugin.events import LoggedPoint
from tracking_plugin.names import Param, Tag
from training.__main__ import build_parser
from training.cli_options import given_values
from training.config import EvaluateConfig, LaunchConfig
from training.errors import ConfigError
from training.recipes.registry import RECIPES, recipe_spec
from training.schemas import schemas

RUN_ID, JOB_RUN_ID = "a" * 32, "b" * 32


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Mlflow:
    folder = tmp_path_factory.mktemp("mlflow")
    return Mlflow(MlflowClient(f"sqlite:///{empty_database(folder)}"), folder)


@pytest.fixture(scope="module")
def reader(mlflow: Mlflow) -> Iterator[RunReader]:
    store = SqlAlchemyStore(mlflow.client.tracking_uri, str(mlflow.folder / "artifacts"))
    yield RunReader(lambda: store)
    store.engine.dispose()


def parsed(command: str) -> argparse.Namespace:
    """The command as the training program reads it."""
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "training"]
    return build_parser("retinal").parse_args(words[3:])


def parsed_training(**params: Any) -> dict[str, Any]:
    namespace = parsed(TRAINING.command(params, RUN_ID))
    assert (namespace.run_id, namespace.recipe) == (RUN_ID, "retinal")
    return given_values(namespace, recipe_spec("retinal").config_class)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"batch_size": 8}, {"batch_size": "8"}),
        ({"learning_rate": 1e-4}, {"learning_rate": "0.0001"}),
        ({"deterministic": True}, {"deterministic": "true"}),
        ({"compile": False}, {"compile": "false"}),
        ({"weights": "--run-id=b"}, {"weights": "--run-id=b"}),
        (
            {"weights": "a; rm -rf $HOME `id` 'x' \"y\""},
            {"weights": "a; rm -rf $HOME `id` 'x' \"y\""},
        ),
    ],
)
def test_parameters_arrive_as_they_were_given(
    params: dict[str, Any], expected: dict[str, str]
) -> None:
    assert parsed_training(params=params) == expected


@given(st.text(min_size=1, max_size=4096).filter(lambda text: "\x00" not in text))
def test_any_text_stays_one_word(text: str) -> None:
    assert parsed_training(data=text)["data"] == text


def test_the_launcher_gets_the_workers_and_the_registry_name() -> None:
    namespace = parsed(TRAINING.command({"workers": 3, "output_name": "fundus"}, RUN_ID))
    assert (namespace.workers, namespace.register_as) == ("3", "fundus")


def test_an_evaluation_is_told_which_run_it_scores_and_which_run_is_its_own() -> None:
    params = {"run_id": RUN_ID, "split": "val", "modality": "oct", "tta": True, "gpus": None}
    namespace = parsed(EVALUATE.command(params, JOB_RUN_ID))
    assert given_values(namespace, EvaluateConfig) == {
        "run_id": RUN_ID,
        "job_run_id": JOB_RUN_ID,
        "split": "val",
    }
    assert (namespace.modality, namespace.tta) == ("oct", "true")


def test_the_recipe_for_tables_reads_the_decisions_of_a_project() -> None:
    override = {"column": "a b", "who": "Ada", "why": "It's known before"}
    params: dict[str, Any] = {
        "data": "/data/projects/x/upload",
        "description": "--run-id=b",
        "answers": {"target": "a[1]"},
        "group": "star",
        "overrides": [override],
        "budget_s": 20,
        "learners": ["linear"],
    }
    words = shlex.split(PROJECT.command({**params, "register_as": "model"}, RUN_ID))
    namespace = build_parser("tables").parse_args(words[3:])
    assert (namespace.run_id, namespace.recipe, namespace.register_as) == (
        *(RUN_ID, "tables", "model"),
    )
    config_class = recipe_spec("tables").config_class
    config = config_class.parse(given_values(namespace, config_class))
    assert config.model_dump(mode="json", include=set(params)) == params


def test_a_project_of_images_trains_the_retinal_recipe() -> None:
    params = {"recipe": "retinal", "data": "/data/images", "description": "x"}
    namespace = parsed(PROJECT.command(params, RUN_ID))
    assert (namespace.recipe, namespace.data) == ("retinal", "/data/images")


def test_a_project_may_read_its_own_folder_and_no_other() -> None:
    assert PROJECT.own_folders(Path("/fovea")) == (Path("/fovea/projects"),)
    assert TRAINING.own_folders(Path("/fovea")) == ()
    params = {"data": "/etc/passwd", "test_data": "/etc/hosts"}
    with pytest.raises(RequestValidationError) as refused:
        require_allowed_paths(DataRoots((Path("/fovea"),)), PROJECT.paths(params))
    assert len(refused.value.errors()) == 2


def test_the_progress_of_a_project_is_what_its_pipeline_logs() -> None:
    run = RunState(run_id=RUN_ID, mlflow_status="RUNNING")
    for value, expected in ((45.0, 0.45), (math.nan, 0.0), (1e9, 1.0), (-3.0, 0.0)):
        run.latest = {"pipeline/progress_percent": LoggedPoint("", value, 1, 1)}
        assert PROJECT.progress(run) == expected


def test_the_shipped_schemas_are_those_of_the_training_program() -> None:
    shipped = {path: json.loads(path.read_text()) for path in schemas()}
    assert shipped == schemas(), "run `python -m training schema`"
    assert recipe_schemas().keys() == RECIPES.keys()
    assert next(iter(recipe_schemas())) == TrainingRequest().recipe == LaunchConfig().recipe


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("evaluate", {}, "run_id"),
        ("evaluate", {"run_id": RUN_ID, "split": "everything"}, "split"),
        ("evaluate", {"run_id": RUN_ID, "num_resamples": "many"}, "num_resamples"),
        ("evaluate", {"run_id": RUN_ID, "job_run_id": RUN_ID}, "job_run_id"),
        ("training", {"recipe": "nothing"}, "recipe"),
        ("training", {"params": {"epochs": 0}}, "epochs"),
        ("training", {"workers": 0}, "workers"),
        ("training", {"epochs": 2}, "epochs"),
        ("project", {}, "data"),
        ("project", {"data": "x", "budget_s": 0}, "budget_s"),
        ("project", {"data": "x", "overrides": [{"column": "a"}]}, "who"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_by_name(
    kind: str, params: dict[str, Any], expected: str
) -> None:
    with pytest.raises(RequestValidationError) as refused:
        JOB_KINDS[kind].require_params(params, ("body", "params"))
    problems = refused.value.errors()
    assert all(problem["loc"][:2] == ("body", "params") for problem in problems)
    assert expected in str(problems)


def test_parameters_that_fit_are_accepted() -> None:
    EVALUATE.require_params({"run_id": RUN_ID, "split": "val", "tta": False}, ("params",))
    TRAINING.require_params({"params": {"epochs": 2}, "workers": 2}, ("params",))
    TRAINING.require_params({}, ("params",))


def test_every_path_of_a_job_must_be_in_an_allowed_folder(tmp_path: Path) -> None:
    roots = DataRoots((tmp_path,))
    params = {"weights": "/etc/shadow", "taxonomy": "/etc/passwd", "backbone": "/etc/hosts"}
    found = TRAINING.paths({"data": "/etc", "params": params})
    with pytest.raises(RequestValidationError) as refused:
        require_allowed_paths(roots, found)
    fields = {problem["loc"] for problem in refused.value.errors()}
    assert fields == {("body", "data"), ("body", "weights"), ("body", "taxonomy")}
    with pytest.raises(RequestValidationError):
        require_allowed_paths(roots, EVALUATE.paths({"run_id": RUN_ID, "data": "/etc"}))
    inside = {"data": str(tmp_path), "params": {"weights": "random"}}
    require_allowed_paths(roots, TRAINING.paths(inside))
    require_allowed_paths(roots, EVALUATE.paths({"run_id": RUN_ID}))


def test_the_training_program_refuses_the_same_paths_once_more(tmp_path: Path) -> None:
    config = recipe_spec("retinal").config_class.parse({"taxonomy": "/etc/shadow"})
    with pytest.raises(ConfigError, match="taxonomy: an absolute path in one of the folders"):
        config.require_paths_in(DataRoots((tmp_path,)))
    config.require_paths_in(DataRoots(None))


def roots_of(server: str, client: str, public_url: str, configured: object) -> DataRoots:
    app = FastAPI()
    app.state.data_roots, app.state.public_url = configured, public_url
    scope = {"type": "http", "server": (server, 5000), "client": (client, 40_000), "app": app}
    return data_roots(Request(scope))


LOCAL = "127.0.0.1"


@pytest.mark.parametrize(
    ("server", "client", "public_url", "is_open"),
    [
        (LOCAL, LOCAL, "", True),
        ("::1", "::1", "http://localhost:5000", True),
        ("10.0.0.7", LOCAL, "", False),
        ("0.0.0.0", LOCAL, "", False),
        ("/run/fovea.sock", "", "", False),
        (LOCAL, "10.0.0.9", "", False),
        (LOCAL, "unknown", "", False),
        (LOCAL, LOCAL, "https://fovea.example", False),
    ],
)
def test_only_a_server_for_this_machine_allows_every_path_by_default(
    server: str, client: str, public_url: str, is_open: bool
) -> None:
    roots = roots_of(server, client, public_url, None)
    assert roots == DataRoots(None if is_open else ())
    configured = (Path("/data"),)
    assert roots_of(server, client, public_url, configured) == DataRoots(configured)


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RequestValidationError) as refused:
        require_kind("export", ("body", "kind"))
    assert f"'export'; {', '.join(JOB_KINDS)} was expected" in str(refused.value.errors())


def test_an_evaluation_gets_a_run_below_the_scored_one_in_the_same_experiment(
    reader: RunReader, mlflow: Mlflow
) -> None:
    logged = mlflow.run()
    run = EVALUATE.new_run({"run_id": logged.run_id}, reader)
    scored = reader.state(logged.run_id)
    assert run.experiment_id == scored.experiment_id
    assert run.name == f"evaluation of {scored.run_name}"
    assert run.tags == {
        MLFLOW_PARENT_RUN_ID: logged.run_id,
        str(Tag.EVALUATED_RUN): logged.run_id,
    }


def test_a_run_that_does_not_exist_or_is_deleted_is_not_evaluated(
    reader: RunReader, mlflow: Mlflow
) -> None:
    with pytest.raises(RunNotFoundError):
        EVALUATE.new_run({"run_id": RUN_ID}, reader)
    logged = mlflow.run()
    logged.client.delete_run(logged.run_id)
    with pytest.raises(ConflictError, match="deleted"):
        EVALUATE.new_run({"run_id": logged.run_id}, reader)


def test_a_training_gets_a_run_of_its_recipe_in_the_named_experiment(reader: RunReader) -> None:
    params = {"experiment_name": "fundus", "output_name": "classifier"}
    run = TRAINING.new_run(params, reader)
    assert (run.experiment, run.experiment_id, run.name) == ("fundus", None, "classifier")
    assert run.tags == {str(Tag.RECIPE): "retinal"}


@pytest.mark.parametrize("kind", JOB_KINDS.values(), ids=JOB_KINDS)
def test_a_completed_job_of_any_kind_is_done(kind: Any) -> None:
    assert kind.progress(RunState(run_id=RUN_ID, mlflow_status="FINISHED")) == 1.0
    assert kind.progress(RunState(run_id=RUN_ID, mlflow_status="RUNNING")) == 0.0


def test_the_progress_of_a_training_is_the_fraction_of_its_steps() -> None:
    run = RunState(
        run_id=RUN_ID,
        mlflow_status="RUNNING",
        params={str(Param.TOTAL_EPOCHS): "2", str(Param.STEPS_PER_EPOCH): "10"},
    )
    run.last_step = 5
    assert (TRAINING.total_steps(run), TRAINING.progress(run)) == (20, 0.25)
    run.last_step = 21
    assert TRAINING.progress(run) == 1.0


def add_job(database: Database, run_id: str, kind: str, spec: str = "{}") -> None:
    JobStore(database).add(
        Job(
            run_id=run_id,
            workspace=None,
            kind=kind,
            spec=spec,
            tracking_uri="",
            state=JobState.CREATED,
            created_ms=0,
        )
    )


def test_the_traits_of_a_job_are_those_of_its_kind(database: Database) -> None:
    add_job(database, RUN_ID, "training")
    add_job(database, JOB_RUN_ID, "evaluate")
    jobs = JobStore(database)
    assert job_traits(jobs, RUN_ID) == JobTraits(kind="training", can_pause=True)
    assert job_traits(jobs, JOB_RUN_ID) == JobTraits(kind="evaluate", can_pause=False)
    assert job_traits(jobs, "c" * 32) is None


def test_a_job_of_a_newer_server_is_refused_by_its_kind(database: Database) -> None:
    add_job(database, RUN_ID, "export")
    with pytest.raises(UnknownKindError, match="'export'"):
        job_traits(JobStore(database), RUN_ID)


def test_jobs_from_before_there_were_kinds_are_trainings(database_uri: str) -> None:
    spec = {"recipe": "retinal", "data": None, "params": {"epochs": 2}, "workers": 2}
    database = Database(database_uri)
    database.migrate("0003")
    values = {
        "run_id": RUN_ID,
        "kind": "retinal",
        "spec": json.dumps({**spec, "output_name": None}),
        "tracking_uri": "",
        "state": "created",
        "attempt": 0,
        "created_ms": 0,
    }
    columns = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    with database.begin() as connection:
        connection.execute(text(f"INSERT INTO fovea_jobs ({columns}) VALUES ({places})"), values)
    database.migrate()
    job = JobStore(database).find(RUN_ID)
    assert job is not None
    assert (job.kind, job.priority, job.queued_ms) == ("training", 5, None)
    facts = JOB_KINDS[job.kind].facts(job.params)
    assert (facts.type, facts.config, facts.workers) == ("retinal", {"epochs": 2}, 2)
    database.close()
