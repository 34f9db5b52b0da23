"""Creates the logged model of a run, which is deleted again if its files cannot be logged."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from mlflow import MlflowClient
from mlflow.entities import LoggedModel
from mlflow.exceptions import MlflowException


@contextmanager
def new_logged_model(client: MlflowClient, run_id: str, name: str) -> Iterator[LoggedModel]:
    """The model, in the experiment of the run: MLflow's own is the current one of this process."""
    run = client.get_run(run_id)
    model = client.create_logged_model(
        run.info.experiment_id, name=name, source_run_id=run_id, params=run.data.params
    )
    try:
        yield model
    except BaseException:
        with suppress(MlflowException, OSError):
            client.delete_logged_model(model.model_id)
        raise
