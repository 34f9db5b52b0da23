"""Finds the run whose id begins with what a person has typed."""

import re

from mlflow import MlflowClient
from mlflow.entities import ViewType

from training.errors import ConfigError

_BEGINNING = re.compile(r"[0-9a-f]{1,31}")


def full_run_id(client: MlflowClient, given: str) -> str:
    """The only id that begins with `given`; `given` itself if it is no beginning of an id.

    Raises ConfigError if several ids begin with it.
    """
    beginning = given.strip().lower()
    if not _BEGINNING.fullmatch(beginning):
        return given.strip()
    experiments: list[str] = []
    token: str | None = None
    while token != "":
        page = client.search_experiments(view_type=ViewType.ALL, page_token=token)
        experiments += [experiment.experiment_id for experiment in page]
        token = page.token or ""
    found = client.search_runs(
        experiments,
        f"attributes.run_id LIKE '{beginning}%'",
        run_view_type=ViewType.ALL,
        max_results=2,
    )
    if len(found) > 1:
        raise ConfigError(
            f"run_id: several runs have an id that begins with {beginning!r}; give more of it."
        )
    return str(found[0].info.run_id) if found else given.strip()
