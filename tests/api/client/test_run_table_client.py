"""The table of runs and saved views through both clients, on a real server."""

from uuid import uuid4

import pytest
from mlflow import MlflowClient

from api.client import RequestRefusedError
from api.saved_views.schemas import ViewPage
from tests.api.client.both_clients import Call
from tests.servers import Server


def test_runs_are_listed_grouped_and_compared(call: Call, server: Server) -> None:
    mlflow = MlflowClient(server.url)
    experiment = mlflow.create_experiment(f"table {uuid4().hex}")
    runs = []
    for lr, loss in (("0.1", 0.5), ("0.01", 0.25)):
        run_id = mlflow.create_run(experiment).info.run_id
        mlflow.log_param(run_id, "lr", lr)
        mlflow.log_metric(run_id, "loss", loss)
        runs.append(run_id)
    wanted = {"experiment": experiment}

    rows = call(
        server.url,
        "run_table",
        columns=["params.lr", "metrics.loss"],
        order_by="metrics.loss",
        **wanted,
    )
    assert [(row.params, row.metrics) for row in rows.entries] == [
        ({"lr": "0.1"}, {"loss": 0.5}),
        ({"lr": "0.01"}, {"loss": 0.25}),
    ]
    groups = call(server.url, "run_groups", "params.lr", metrics=["loss"], **wanted)
    assert {each.value: each.metrics["loss"].mean for each in groups.entries} == {
        "0.1": 0.5,
        "0.01": 0.25,
    }
    assert call(server.url, "logged_names", "params", **wanted).names == ["lr"]
    compared = call(server.url, "compare_runs", runs)
    assert [(each.name, each.values) for each in compared.params] == [("lr", ["0.1", "0.01"])]


def test_views_are_saved_renamed_and_deleted(call: Call, server: Server) -> None:
    name = f"view {uuid4().hex}"
    saved = call(server.url, "save_view", name, ViewPage.COMPARISON, "runs=a,b")
    assert (saved.name, saved.page, saved.query) == (name, "compare", "runs=a,b")
    assert call(server.url, "saved_view", saved.view_id) == saved
    assert saved in call(server.url, "saved_views", page=ViewPage.COMPARISON, limit=500).entries
    assert saved not in call(server.url, "saved_views", page=ViewPage.TABLE, limit=500).entries

    with pytest.raises(RequestRefusedError, match="already a view") as refused:
        call(server.url, "save_view", name, ViewPage.TABLE, "")
    assert refused.value.status == 409
    with pytest.raises(RequestRefusedError) as refused:
        call(server.url, "save_view", " \0", ViewPage.TABLE, "")
    assert refused.value.status == 422
    renamed = call(server.url, "rename_view", saved.view_id, f"{name} 2")
    assert renamed.name == f"{name} 2"
    assert call(server.url, "delete_view", saved.view_id).view_id == saved.view_id
    with pytest.raises(RequestRefusedError, match="no view"):
        call(server.url, "saved_view", saved.view_id)
