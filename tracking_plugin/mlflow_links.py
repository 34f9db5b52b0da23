"""Addresses of pages of the MLflow UI.

MLflow shows a new user its pages for language models, on which a training has "no data". The parameter
`workflowType`, which it reads from the query behind the `#`, chooses those for trainings.
"""

from urllib.parse import quote

_QUERY = "?workflowType=machine_learning"


def runs_link(url: str, experiment_id: str) -> str:
    """The list of an experiment's runs; `url` is the root of the server."""
    return f"{url.rstrip('/')}/#/experiments/{quote(experiment_id, safe='')}/runs{_QUERY}"


def run_link(url: str, experiment_id: str, run_id: str, artifact: str | None = None) -> str:
    """A run, or one of its artifacts."""
    part = "" if artifact is None else f"/artifacts/{quote(artifact)}"
    run = f"#/experiments/{quote(experiment_id, safe='')}/runs/{quote(run_id, safe='')}"
    return f"{url.rstrip('/')}/{run}{part}{_QUERY}"
