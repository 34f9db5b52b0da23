"""The logged metrics of a run over HTTP."""

import pytest
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from starlette.testclient import TestClient

from tests.api.logged_runs import START_MS, Mlflow, bulk_log

NAN, INFINITY = float("nan"), float("inf")


def test_the_newest_values_are_nested_and_include_the_progress(
    client: TestClient, mlflow: Mlflow
) -> None:
    run = mlflow.run(
        params={
            "steps_per_epoch": "10",
            "total_epochs": "3",
            "critical_thresholds": '{"RAO": 0.95}',
        }
    )
    run.log(11, train__loss=0.5, train__accuracy=0.75)
    run.log(12, train__loss=0.25)
    run.log(10, val__loss=0.6, critical__RAO=0.9, critical_support__RAO=20)
    run.log(99, system__cpu_utilization_percentage=45.5)

    answer = client.get("/api/metrics/latest", params={"run_id": run.run_id}).json()

    assert answer["loss"] == {"train": 0.25, "val": 0.6}
    assert answer["accuracy"] == {"train": 0.75, "val": None}
    assert answer["critical_conditions"]["RAO"]["status"] == "warning"
    assert answer["critical_conditions"]["RAO"]["threshold"] == 0.95
    assert answer["critical_conditions"]["RAO"]["support"] == 20
    assert (answer["run_id"], answer["step"]) == (run.run_id, 12)
    assert (answer["epoch"], answer["batch"]) == (2, 2)
    assert answer["system"]["cpu_usage"] == 45.5
    assert answer["timestamp"].endswith("Z")


def test_a_run_without_values_has_empty_metrics(client: TestClient, mlflow: Mlflow) -> None:
    run = mlflow.run()

    latest = client.get("/api/metrics/latest", params={"run_id": run.run_id})
    history = client.get("/api/metrics/history", params={"run_id": run.run_id})
    loss = client.get("/api/metrics/performance/loss", params={"run_id": run.run_id})

    assert latest.json()["loss"] == {"train": None, "val": None}
    assert latest.json()["step"] is latest.json()["timestamp"] is None
    assert (history.json(), history.headers["X-Total-Count"]) == ([], "0")
    assert (loss.json(), loss.headers["X-Total-Count"]) == ([], "0")


def test_a_value_that_is_not_finite_is_null_and_named(client: TestClient, mlflow: Mlflow) -> None:
    run = mlflow.run()
    run.log(1, train__loss=NAN, val__loss=INFINITY, f1=-INFINITY)

    answer = client.get("/api/metrics/latest", params={"run_id": run.run_id}).json()

    assert answer["loss"] == {"train": None, "val": None}
    assert answer["not_finite"] == {
        "train/loss": "NaN",
        "val/loss": "Infinity",
        "f1": "-Infinity",
    }


def test_a_snapshot_contains_only_the_values_of_its_step(
    client: TestClient, mlflow: Mlflow
) -> None:
    run = mlflow.run(params={"steps_per_epoch": "2"})
    for step in range(1, 6):
        run.log(step, train__loss=1 / step)
    run.log(2, val__loss=0.9)

    response = client.get("/api/metrics/history", params={"run_id": run.run_id, "limit": 2})
    rest = client.get("/api/metrics/history", params={"run_id": run.run_id, "offset": 3})

    assert response.headers["X-Total-Count"] == "5"
    assert [snapshot["step"] for snapshot in response.json()] == [5, 4]
    assert [(s["epoch"], s["batch"]) for s in response.json()] == [(3, 1), (2, 2)]
    assert response.json()[0]["metrics"]["loss"] == {"train": 0.2, "val": None}
    assert [snapshot["step"] for snapshot in rest.json()] == [2, 1]
    assert rest.json()[0]["metrics"]["loss"] == {"train": 0.5, "val": 0.9}


def test_points_that_were_logged_twice_are_returned_once(
    client: TestClient, mlflow: Mlflow
) -> None:
    run = mlflow.run()
    run.log(1, train__loss=0.9, timestamp_ms=START_MS)
    run.log(2, train__loss=0.8, timestamp_ms=START_MS + 5)
    run.log(2, train__loss=0.7, timestamp_ms=START_MS + 9)
    run.log(2, train__loss=0.1, timestamp_ms=START_MS + 7)

    of_run = {"run_id": run.run_id}
    history = client.get("/api/metrics/history", params=of_run)
    curve = client.get("/api/metrics/performance/train/loss", params=of_run)

    assert history.headers["X-Total-Count"] == curve.headers["X-Total-Count"] == "2"
    assert [s["metrics"]["loss"]["train"] for s in history.json()] == [0.7, 0.9]
    assert [point["value"] for point in curve.json()] == [0.9, 0.7]
    latest = client.get("/api/metrics/latest", params=of_run).json()
    assert latest["loss"]["train"] == 0.7


def test_steps_of_system_metrics_are_not_steps_of_the_training(
    client: TestClient, mlflow: Mlflow
) -> None:
    run = mlflow.run()
    run.log(1000, train__loss=0.5)
    for sample in range(3):
        run.log(sample, system__cpu_utilization_percentage=10.0)

    response = client.get("/api/metrics/history", params={"run_id": run.run_id})

    assert [snapshot["step"] for snapshot in response.json()] == [1000]
    assert response.headers["X-Total-Count"] == "1"


@pytest.mark.parametrize("address", ["train/loss", "train%2Floss"])
def test_a_curve_is_requested_by_its_mlflow_name(
    client: TestClient, mlflow: Mlflow, address: str
) -> None:
    run = mlflow.run(params={"steps_per_epoch": "2"})
    run.log(3, train__loss=NAN)
    run.log(1, train__loss=0.5)

    response = client.get(f"/api/metrics/performance/{address}", params={"run_id": run.run_id})

    first, second = response.json()
    assert first == {
        "metric": "train/loss",
        "value": 0.5,
        "not_finite": None,
        "step": 1,
        "timestamp": "2025-06-15T15:06:41Z",
        "epoch": 1,
        "batch": 1,
    }
    assert (second["step"], second["value"], second["not_finite"]) == (3, None, "NaN")
    assert (second["epoch"], second["batch"]) == (2, 1)


def test_a_short_name_returns_all_its_metrics_by_step(client: TestClient, mlflow: Mlflow) -> None:
    run = mlflow.run()
    for step in (1, 2, 3, 4):
        run.log(step, train__loss=float(step))
    run.log(2, val__loss=20.0)
    run.log(4, val__loss=40.0, loss=4.4)

    response = client.get(
        "/api/metrics/performance/loss", params={"run_id": run.run_id, "limit": 2}
    )

    assert response.headers["X-Total-Count"] == "7"
    assert [(p["step"], p["metric"]) for p in response.json()] == [
        (1, "train/loss"),
        (2, "val/loss"),
        (4, "loss"),
        (4, "train/loss"),
        (4, "val/loss"),
    ]


def test_an_unknown_metric_is_refused_with_the_list_of_known_ones(
    client: TestClient, mlflow: Mlflow
) -> None:
    run = mlflow.run()
    run.log_named(1, {f"metric_{number:03d}": 1.0 for number in range(60)})

    response = client.get("/api/metrics/performance/train/lost", params={"run_id": run.run_id})

    assert response.status_code == 404
    assert response.json()["error_code"] == "NOT_FOUND"
    assert "'train/lost'" in response.json()["error"]
    assert "metric_000" in response.json()["error"]
    assert "metric_059" not in response.json()["error"]
    assert "and 10 more" in response.json()["error"]


def test_a_name_that_no_database_accepts_is_unknown(client: TestClient, mlflow: Mlflow) -> None:
    run = mlflow.run()

    response = client.get("/api/metrics/performance/a%00b", params={"run_id": run.run_id})

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "query.limit"),
        ("limit=10001", "query.limit"),
        ("limit=many", "query.limit"),
        ("limit=" + "9" * 400, "query.limit"),
        ("offset=-1", "query.offset"),
        ("offset=99999999999999999999", "query.offset"),
    ],
)
def test_an_invalid_page_is_refused_and_names_the_field(
    client: TestClient, mlflow: Mlflow, query: str, field: str
) -> None:
    run = mlflow.run()

    response = client.get(f"/api/metrics/history?run_id={run.run_id}&{query}")

    assert response.status_code == 422
    assert response.json()["details"].startswith(f"{field}: ")


def test_a_hundred_thousand_steps_are_paged_and_downsampled(
    client: TestClient, mlflow: Mlflow, store: SqlAlchemyStore
) -> None:
    run = mlflow.run(params={"steps_per_epoch": "500"})
    values = [float(step % 977) for step in range(1, 100_001)]
    values[54_320] = 1e6
    bulk_log(store, run.run_id, "train/loss", values)
    of_run = {"run_id": run.run_id}

    newest = client.get("/api/metrics/history", params=of_run)
    middle = client.get("/api/metrics/history", params={**of_run, "offset": 50_000, "limit": 1})
    curve = client.get("/api/metrics/performance/loss", params=of_run)
    epochs = client.get("/api/epochs", params=of_run)

    assert [snapshot["step"] for snapshot in newest.json()] == list(range(100_000, 99_900, -1))
    assert [snapshot["step"] for snapshot in middle.json()] == [50_000]
    assert newest.headers["X-Total-Count"] == curve.headers["X-Total-Count"] == "100000"
    assert len(curve.json()) <= 1000
    assert 1e6 in [point["value"] for point in curve.json()]
    assert [curve.json()[0]["step"], curve.json()[-1]["step"]] == [1, 100_000]
    assert epochs.headers["X-Total-Count"] == "200"


def test_infinite_values_are_named_in_a_curve(client: TestClient, mlflow: Mlflow) -> None:
    run = mlflow.run()
    for step, value in enumerate([1.0, INFINITY, 2.0, -INFINITY, NAN, 3.0]):
        run.log(step, train__loss=value)

    response = client.get("/api/metrics/performance/loss", params={"run_id": run.run_id})

    assert [point["not_finite"] for point in response.json()] == [
        None,
        "Infinity",
        None,
        "-Infinity",
        "NaN",
        None,
    ]


def test_a_range_of_a_curve_has_as_many_points_as_its_limit_allows(
    client: TestClient, mlflow: Mlflow
) -> None:
    run = mlflow.run()
    for step in range(100):
        run.log(step, train__loss=float(step))
    of_run = {"run_id": run.run_id, "limit": 10}

    response = client.get(
        "/api/metrics/performance/train/loss", params={**of_run, "from_step": 40, "to_step": 44}
    )

    assert [point["step"] for point in response.json()] == [40, 41, 42, 43, 44]
    assert response.headers["X-Total-Count"] == "5"
    beyond = client.get("/api/metrics/performance/train/loss", params={**of_run, "from_step": 100})
    assert beyond.json() == []
    backwards = client.get(
        "/api/metrics/performance/train/loss", params={**of_run, "from_step": 50, "to_step": 40}
    )
    assert backwards.json() == []
