"""Addresses of pages of the MLflow UI; tests/ui_extensions opens them in a browser."""

from tracking_plugin.mlflow_links import run_link, runs_link


def test_links_open_the_pages_for_trainings_whatever_the_reader_used_before() -> None:
    run = "http://localhost:5000/#/experiments/1/runs/abc"

    assert runs_link("http://localhost:5000/", "1") == (
        "http://localhost:5000/#/experiments/1/runs?workflowType=machine_learning"
    )
    assert run_link("http://localhost:5000", "1", "abc") == f"{run}?workflowType=machine_learning"
    assert run_link("http://localhost:5000", "1", "abc", "reports/a b.html") == (
        f"{run}/artifacts/reports/a%20b.html?workflowType=machine_learning"
    )


def test_links_keep_the_prefix_of_a_proxy() -> None:
    assert runs_link("https://lab.example/mlflow/", "7").startswith(
        "https://lab.example/mlflow/#/experiments/7/runs?"
    )
