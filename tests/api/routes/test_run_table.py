"""The table of runs: searched, sorted, grouped, as a tree, and compared."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest
from mlflow.entities import Metric
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from starlette.testclient import TestClient

from api.routes.run_table import MOST_COLUMNS
from api.runs.reader import RunReader
from api.runs.table.fields import Attribute
from api.runs.table.schemas import MOST_COMPARED
from tests.api.logged_runs import START_MS, LoggedRun, Mlflow
from tests.api.routes.conftest import read_api

_AGES = count()
HOSTILE = "a \"b\" 'c' `d` <b>e</b> %_.😀 العربية " + "n" * 150


def logged(
    mlflow: Mlflow,
    name: str,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    **metrics: float,
) -> LoggedRun:
    """A run, newer than those before."""
    run = mlflow.run(params=params, tags=tags, start_ms=START_MS + next(_AGES))
    mlflow.client.update_run(run.run_id, name=name)
    if metrics:
        run.log_named(1, metrics)
    return run


def rows(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    response = client.get("/api/runs/table", params=query)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()
    return found


def names(client: TestClient, **query: Any) -> list[str]:
    return [row["run_name"] for row in rows(client, **query)]


def refusal(client: TestClient, path: str = "table", **query: Any) -> str:
    response = client.get(f"/api/runs/{path}", params=query)
    assert response.status_code == 422, response.text
    return str(response.json()["error"])


def test_a_row_has_the_asked_columns_only(client: TestClient, mlflow: Mlflow) -> None:
    logged(
        mlflow, "one", {"lr": "0.1", "seed": "7"}, {"team": "retina", "mine": "x"}, loss=0.5, acc=1
    )

    [row] = rows(client, columns=["params.lr", "metrics.loss", "metrics.none", "tags.team"])

    assert row["params"] == {"lr": "0.1"}
    assert row["metrics"] == {"loss": 0.5}
    assert row["tags"] == {"team": "retina"}
    assert (row["status"], row["experiment_name"]) == ("training", "retinal")
    assert row["duration_s"] > 0


def test_runs_are_filtered_in_the_language_of_mlflow(client: TestClient, mlflow: Mlflow) -> None:
    logged(mlflow, "a", {"model": "vit", "extra": "1"}, loss=0.5)
    logged(mlflow, "b", {"model": "vit"}, loss=0.25)
    logged(mlflow, "c", {"model": "cnn"}, {"team": "x"}, loss=0.75)

    expected = {
        "metrics.loss < 0.3": ["b"],
        "params.model = 'vit' and metrics.loss >= 0.1": ["b", "a"],
        "params.model LIKE 'v%'": ["b", "a"],
        "tags.team = 'x'": ["c"],
        "attributes.run_name = 'c'": ["c"],
        "params.extra IS NULL": ["c", "b"],
        "metrics.loss != 0.5 AND params.model != 'cnn'": ["b"],
    }
    assert {condition: names(client, filter=condition) for condition in expected} == expected
    assert "“metrics.loss <”" in refusal(client, filter="params.model = 'a' and metrics.loss <")


def test_a_name_is_found_by_a_part_of_it_and_an_id_by_its_beginning(
    client: TestClient, mlflow: Mlflow
) -> None:
    run = logged(mlflow, "ViT 100%")
    logged(mlflow, "cnn")

    assert names(client, name="vit") == ["ViT 100%"]
    assert names(client, name="100%") == ["ViT 100%"]
    assert names(client, name="%") == ["ViT 100%"]
    assert names(client, name=run.run_id[:12]) == ["ViT 100%"]
    assert names(client, name="none\0") == []


def test_params_that_are_numbers_are_sorted_as_numbers_and_missing_ones_come_last(
    client: TestClient, mlflow: Mlflow
) -> None:
    for name, lr in (("a", "0.1"), ("b", "1e-05"), ("c", "auto"), ("d", "16")):
        logged(mlflow, name, {"lr": lr})
    logged(mlflow, "e")

    assert names(client, order_by="params.lr", descending=False) == ["b", "a", "d", "c", "e"]
    assert names(client, order_by="params.lr", descending=True) == ["c", "d", "a", "b", "e"]
    assert names(client, order_by="params.lr", descending=True, limit=2, offset=3) == ["b", "e"]


def test_metrics_are_sorted_with_nan_and_missing_ones_last(
    client: TestClient, mlflow: Mlflow
) -> None:
    for name, loss in (("a", 1e300), ("b", 1e-30), ("c", float("nan")), ("d", -1.0)):
        logged(mlflow, name, loss=loss)
    logged(mlflow, "e")

    assert names(client, order_by="metrics.loss", descending=False) == ["d", "b", "a", "c", "e"]
    assert names(client, order_by="metrics.loss") == ["a", "b", "d", "c", "e"]
    nan = rows(client, columns="metrics.loss")[2]
    assert (nan["metrics"], nan["not_finite"]) == ({"loss": None}, {"loss": "NaN"})


def test_runs_are_sorted_by_attributes(client: TestClient, mlflow: Mlflow) -> None:
    logged(mlflow, "a")
    logged(mlflow, "b")

    for attribute in Attribute:
        found = names(client, order_by=f"attributes.{attribute}", descending=False)
        assert sorted(found) == ["a", "b"]
    assert names(client, order_by="attributes.run_name", descending=False) == ["a", "b"]
    assert names(client, order_by="attributes.run_name") == ["b", "a"]
    for column in ("lr", "attributes.lr", "params.", "wrong.lr"):
        assert repr(column) in refusal(client, columns=column)
        assert repr(column) in refusal(client, order_by=column)


def test_strange_names_and_values_are_found_sorted_and_grouped(
    client: TestClient, mlflow: Mlflow
) -> None:
    tag = "a b.c:d/é-_"
    run = logged(mlflow, HOSTILE, {"p": HOSTILE}, {tag: HOSTILE})

    [row] = rows(client, name=HOSTILE[:60], columns=["params.p", f"tags.{tag}"])
    assert row["run_id"] == run.run_id
    assert (row["params"]["p"], row["tags"][tag]) == (HOSTILE, HOSTILE)
    [group] = client.get("/api/runs/groups", params={"by": f"tags.{tag}"}).json()
    assert group["value"] == HOSTILE
    assert names(client, group_by=f"tags.{tag}", group=HOSTILE) == [HOSTILE]


def test_a_long_value_is_cut(client: TestClient, mlflow: Mlflow) -> None:
    logged(mlflow, "a", {"p": "x" * 3000})

    [row] = rows(client, columns="params.p")

    assert row["params"]["p"] == "x" * 499 + "…"


def test_a_tree_has_each_matching_run_once(client: TestClient, mlflow: Mlflow) -> None:
    root = logged(mlflow, "root", loss=1)
    for number in range(3):
        logged(mlflow, f"child {number}", tags={MLFLOW_PARENT_RUN_ID: root.run_id}, loss=number)
    own = logged(mlflow, "own parent")
    own.client.set_tag(own.run_id, MLFLOW_PARENT_RUN_ID, own.run_id)

    top = rows(client, top_level=True)
    assert [(row["run_name"], row["num_children"]) for row in top] == [
        ("own parent", 0),
        ("root", 3),
    ]
    assert names(client, parent=root.run_id) == ["child 2", "child 1", "child 0"]
    # A child whose parent does not match is at the top.
    filtered = rows(client, top_level=True, filter="metrics.loss < 0.5")
    assert [(row["run_name"], row["parent_run_id"]) for row in filtered] == [
        ("child 0", root.run_id)
    ]


def test_groups_have_mean_and_spread_over_all_matching_runs(
    client: TestClient, mlflow: Mlflow
) -> None:
    for lr, loss in (("0.1", 1.0), ("0.1", 3.0), ("0.1", float("nan")), ("0.01", 1e300)):
        logged(mlflow, "run", {"lr": lr}, loss=loss)
    logged(mlflow, "without")

    response = client.get("/api/runs/groups", params={"by": "params.lr", "metrics": "loss"})

    groups = response.json()
    assert response.headers["X-Total-Count"] == "3"
    assert [(group["value"], group["num_runs"]) for group in groups] == [
        ("0.01", 1),
        ("0.1", 3),
        (None, 1),
    ]
    assert groups[0]["metrics"]["loss"]["mean"] == 1e300
    assert groups[0]["metrics"]["loss"]["std"] is None
    spread = groups[1]["metrics"]["loss"]
    assert (spread["num"], spread["num_not_finite"], spread["mean"]) == (2, 1, 2.0)
    assert spread["std"] == pytest.approx(2**0.5)
    assert names(client, group_by="params.lr", group_missing=True) == ["without"]
    assert len(names(client, group_by="params.lr", group="0.1")) == 3


def test_names_are_searched_among_matching_runs(client: TestClient, mlflow: Mlflow) -> None:
    logged(mlflow, "a", {"lr": "1", "layers": "2"}, loss=1)
    logged(mlflow, "b", {"batch": "3"})

    def found(**query: Any) -> tuple[list[str], bool]:
        answer = client.get("/api/runs/names", params=query).json()
        return answer["names"], answer["is_complete"]

    assert found(kind="params") == (["batch", "layers", "lr"], True)
    assert found(kind="params", contains="L") == (["layers", "lr"], True)
    assert found(kind="params", limit=1) == (["batch"], False)
    assert found(kind="params", name="a") == (["layers", "lr"], True)
    assert found(kind="metrics") == (["loss"], True)
    refusal(client, "names", kind="attributes")


def test_runs_are_compared_by_whole_values(client: TestClient, mlflow: Mlflow) -> None:
    one = logged(mlflow, "a", {"lr": "1", "same": "x", "long": "y" * 600 + "1"}, loss=1)
    other = logged(mlflow, "b", {"lr": "2", "same": "x", "long": "y" * 600 + "2"})
    for run in (one, other):
        run.client.log_batch(run.run_id, metrics=[Metric("nan", float("nan"), 1, 1)])
    gone = "0" * 32

    found = client.get(
        "/api/runs/comparison", params={"run_id": [other.run_id, gone, one.run_id]}
    ).json()

    assert [run["run_name"] for run in found["runs"]] == ["b", "a"]
    assert found["missing"] == [gone]
    params = {param["name"]: param for param in found["params"]}
    assert params["lr"]["values"] == ["2", "1"]
    assert {name: param["differs"] for name, param in params.items()} == {
        "lr": True,
        "same": False,
        "long": True,
    }
    metrics = {metric["name"]: metric for metric in found["metrics"]}
    assert (metrics["loss"]["values"], metrics["loss"]["differs"]) == ([None, 1.0], True)
    assert (metrics["nan"]["not_finite"], metrics["nan"]["differs"]) == (["NaN", "NaN"], False)


def test_sizes_are_bounded(client: TestClient) -> None:
    refusal(client, "comparison", run_id=["0" * 32] * (MOST_COMPARED + 1))
    refusal(client, columns=["params.lr"] * (MOST_COLUMNS + 1))
    refusal(client, limit=501)
    refusal(client, filter="metrics.a < 1 and " * 200)
    assert "21 comparisons" in refusal(client, filter=" and ".join(["metrics.a < 1"] * 21))


def test_deleted_runs_are_in_no_table(client: TestClient, mlflow: Mlflow) -> None:
    run = logged(mlflow, "gone", {"lr": "1"}, loss=1)
    run.client.delete_run(run.run_id)

    assert names(client) == []
    assert client.get("/api/runs/groups", params={"by": "params.lr"}).json() == []
    assert client.get("/api/runs/names", params={"kind": "params"}).json()["names"] == []
    compared = client.get("/api/runs/comparison", params={"run_id": run.run_id}).json()
    assert compared["missing"] == [run.run_id]


def test_a_store_that_is_not_sql_says_so() -> None:
    class Files:
        """A store of another kind."""

    client = TestClient(read_api(RunReader(Files)))  # type: ignore[arg-type]

    assert "SQL database" in refusal(client)
