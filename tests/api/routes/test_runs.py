"""The list of runs, and the selection of the run of a request."""

import pytest
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from starlette.testclient import TestClient

from api.runs.status import effective_status
from tests.api.logged_runs import START_MS, LoggedRun, Mlflow
from tests.api.routes.paths import PATHS_ABOUT_A_RUN
from tracking_plugin.mlflow_status import MlflowStatus
from tracking_plugin.names import RunStatus


def listed(client: TestClient, **query: str | int) -> list[str]:
    """The ids of the listed runs."""
    response = client.get("/api/runs", params=query)
    assert response.status_code == 200, response.text
    return [run["run_id"] for run in response.json()]


def test_a_run_is_listed_with_its_attributes_and_key_metrics(
    client: TestClient, mlflow: Mlflow
) -> None:
    run = mlflow.run(
        experiment="retinal",
        params={"total_epochs": "3", "steps_per_epoch": "10"},
        tags={
            "mlflow.runName": "small-1",
            "fovea.status": "pausing",
            "fovea.message": "Waiting for the step to end",
            "fovea.recipe": "retinal",
            "fovea.alert": "critical",
        },
    )
    run.client.update_run(run.run_id, name="small-1")
    run.log(12, train__loss=0.5, val__loss=float("nan"), val__f1=0.75, another=1.0)
    run.log(99, system__cpu_utilization_percentage=5.0)

    [found] = client.get("/api/runs").json()

    assert found["run_id"] == run.run_id
    assert found["run_name"] == "small-1"
    assert found["experiment_name"] == "retinal"
    assert (found["status"], found["mlflow_status"]) == ("pausing", "RUNNING")
    assert found["message"] == "Waiting for the step to end"
    assert (found["recipe"], found["alert"]) == ("retinal", "critical")
    assert (found["step"], found["epoch"], found["total_epochs"]) == (12, 2, 3)
    assert found["start_time"] == "2025-06-15T15:06:40Z"
    assert found["end_time"] is None
    assert found["loss"] == {"train": 0.5, "val": None}
    assert found["f1_score"] == 0.75
    assert found["not_finite"] == {"val/loss": "NaN"}


def test_runs_of_all_experiments_are_paged_newest_first(client: TestClient, mlflow: Mlflow) -> None:
    runs = [
        mlflow.run(experiment=f"number {n % 2}", start_ms=START_MS + n).run_id for n in range(5)
    ]

    response = client.get("/api/runs", params={"limit": 2, "offset": 1})

    assert [run["run_id"] for run in response.json()] == [runs[3], runs[2]]
    assert response.headers["X-Total-Count"] == "5"
    assert listed(client) == runs[::-1]
    assert listed(client, offset=5) == []


def test_deleted_runs_are_not_listed_but_can_be_read_by_id(
    client: TestClient, mlflow: Mlflow
) -> None:
    kept, deleted = mlflow.run(), mlflow.run()
    deleted.client.delete_run(deleted.run_id)

    assert listed(client) == [kept.run_id]
    response = client.get("/api/metrics/latest", params={"run_id": deleted.run_id})
    assert response.status_code == 200


def test_an_experiment_is_selected_by_its_id_else_by_its_name(
    client: TestClient, mlflow: Mlflow
) -> None:
    first = mlflow.run(experiment="first")
    id_of_first = first.client.get_run(first.run_id).info.experiment_id
    called_like_an_id = mlflow.run(experiment=id_of_first)
    called_like_none = mlflow.run(experiment="4711")

    assert listed(client, experiment="first") == [first.run_id]
    assert listed(client, experiment=id_of_first) == [first.run_id]
    assert listed(client, experiment="4711") == [called_like_none.run_id]
    assert called_like_an_id.run_id in listed(client)


@pytest.mark.parametrize("name", ["nothing", "%", "9" * 19, "9" * 200, "²", "a\0b", "' or 1=1 --"])
def test_an_unknown_experiment_has_no_runs(client: TestClient, mlflow: Mlflow, name: str) -> None:
    mlflow.run()

    assert listed(client, experiment=name) == []


@pytest.fixture
def runs_in_all_states(mlflow: Mlflow) -> list[LoggedRun]:
    tags = [None, "", "another's", *RunStatus]
    return [
        mlflow.run(status=status, tags={} if tag is None else {"fovea.status": tag})
        for status in MlflowStatus
        for tag in tags
    ]


def test_a_status_lists_the_runs_that_have_it(
    client: TestClient, runs_in_all_states: list[LoggedRun]
) -> None:
    found = [run.client.get_run(run.run_id) for run in runs_in_all_states]

    for word in RunStatus:
        expected = {
            run.info.run_id
            for run in found
            if effective_status(run.info.status, run.data.tags) == word
        }
        assert set(listed(client, status=word)) == expected
        assert {run["status"] for run in client.get(f"/api/runs?status={word}").json()} <= {word}
    for status in MlflowStatus:
        expected = {run.info.run_id for run in found if run.info.status == status}
        assert set(listed(client, status=status)) == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=asleep", "query.status"),
        ("limit=1001", "query.limit"),
        ("limit=0", "query.limit"),
        ("offset=-1", "query.offset"),
        ("experiment=" + "a" * 257, "query.experiment"),
    ],
)
def test_an_invalid_filter_is_refused_and_names_the_field(
    client: TestClient, query: str, field: str
) -> None:
    response = client.get(f"/api/runs?{query}")

    assert response.status_code == 422
    assert response.json()["details"].startswith(field)


def test_without_an_id_the_newest_active_run_is_selected(
    client: TestClient, mlflow: Mlflow
) -> None:
    mlflow.run(start_ms=START_MS)
    active = mlflow.run(start_ms=START_MS + 1, status="SCHEDULED")
    ended = mlflow.run(start_ms=START_MS + 2, status="FINISHED")
    deleted = mlflow.run(start_ms=START_MS + 3)
    deleted.client.delete_run(deleted.run_id)

    assert client.get("/api/metrics/latest").json()["run_id"] == active.run_id
    for run in client.get("/api/runs").json():
        active.client.set_terminated(run["run_id"])
    assert client.get("/api/metrics/latest").json()["run_id"] == ended.run_id


@pytest.mark.parametrize("path", PATHS_ABOUT_A_RUN)
def test_without_any_run_requests_about_a_run_are_refused(client: TestClient, path: str) -> None:
    response = client.get(f"/api/{path}")

    assert response.status_code == 404
    assert response.json()["error"].startswith("There is no run yet")


@pytest.mark.parametrize("path", PATHS_ABOUT_A_RUN)
@pytest.mark.parametrize("run_id", ["f" * 32, "F" * 32, "", "a\0b", "x" * 5000, "../../etc/passwd"])
def test_a_run_that_is_not_there_is_refused(
    client: TestClient, mlflow: Mlflow, path: str, run_id: str
) -> None:
    mlflow.run()

    response = client.get(f"/api/{path}", params={"run_id": run_id, "epochs": "1"})

    assert response.status_code == 404
    assert response.json()["error"].startswith("There is no run '")
    assert len(response.json()["error"]) < 200


def test_no_response_contains_nan(client: TestClient, mlflow: Mlflow) -> None:
    run = mlflow.run(params={"steps_per_epoch": "2"})
    for step, value in enumerate([float("nan"), float("inf"), -float("inf")], start=1):
        run.log_named(step, {"train/loss": value, "critical/RAO": value, "per_class/A": value})

    for path in (
        *PATHS_ABOUT_A_RUN,
        "runs",
        "compare/epochs?epochs=1,2&metrics=critical_conditions,per_class",
    ):
        response = client.get(f"/api/{path}")
        assert response.status_code == 200
        assert "NaN," not in response.text.replace('"NaN"', "")
        assert "Infinity" not in response.text.replace('Infinity"', "")


def test_a_failing_store_gives_an_error_and_not_an_empty_list(
    client: TestClient, mlflow: Mlflow, store: SqlAlchemyStore
) -> None:
    mlflow.run()
    assert client.get("/api/runs").status_code == 200
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE latest_metrics")

    assert client.get("/api/runs").status_code >= 500


def test_one_run_has_the_status_that_its_sockets_send(client: TestClient, mlflow: Mlflow) -> None:
    run = mlflow.run(params={"total_epochs": "3", "steps_per_epoch": "10"})
    run.log(12, train__loss=0.5)

    status = client.get(f"/api/runs/{run.run_id}").json()

    assert (status["run_id"], status["status"]) == (run.run_id, "training")
    assert (status["epoch"], status["batch"], status["total_batches"]) == (2, 2, 10)


def test_a_run_that_is_not_there_is_not_found(client: TestClient, mlflow: Mlflow) -> None:
    response = client.get(f"/api/runs/{'0' * 32}")

    assert (response.status_code, response.json()["error_code"]) == (404, "NOT_FOUND")
