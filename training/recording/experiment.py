"""Chooses the MLflow experiment of a new run: by the flag, else by MLflow's environment variables."""

from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities import Experiment
from mlflow.exceptions import MlflowException

from training.errors import TrackingError, first_line
from training.tracking.failures import is_temporary

EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
"""MLflow's UI shows an experiment of this kind as model training."""


@dataclass(frozen=True, kw_only=True)
class ExperimentChoice:
    """A name, an id, or both, which must then be those of the same experiment."""

    name: str = ""
    id: str = ""


def choose_experiment(
    *, name: str, is_named: bool, name_in_environment: str, id_in_environment: str
) -> ExperimentChoice:
    """The experiment of the flag if it is given, else that of the environment, else the flag's default.

    In the environment the name comes before the id, as for MLflow's own client.
    """
    if is_named or not (name_in_environment or id_in_environment):
        return ExperimentChoice(name=name)
    return ExperimentChoice(name=name_in_environment, id=id_in_environment)


def find_or_create(client: MlflowClient, choice: ExperimentChoice) -> str:
    """The id of the chosen experiment; a name without an experiment gets a new one.

    Raises TrackingError if it is deleted, an id is unknown, or name and id are of two experiments.
    """
    if not choice.name:
        return _active(_with_id(client, choice.id)).experiment_id
    found = client.get_experiment_by_name(choice.name) or _created(client, choice.name)
    if choice.id and choice.id != found.experiment_id:
        raise TrackingError(
            f"MLFLOW_EXPERIMENT_NAME is {choice.name!r}, whose id is {found.experiment_id}, but "
            f"MLFLOW_EXPERIMENT_ID is {choice.id!r}: unset one of them, or use --experiment-name."
        )
    return _active(found).experiment_id


def _with_id(client: MlflowClient, experiment_id: str) -> Experiment:
    try:
        return client.get_experiment(experiment_id)
    except MlflowException as error:
        if is_temporary(error):
            raise TrackingError(
                f"The tracking server did not find the experiment: {first_line(error)}"
            ) from error
        raise TrackingError(
            f"MLFLOW_EXPERIMENT_ID is {experiment_id!r}, but the tracking server has no such "
            "experiment: set it to the id of one, unset it, or use --experiment-name."
        ) from error


def _created(client: MlflowClient, name: str) -> Experiment:
    try:
        return client.get_experiment(client.create_experiment(name, tags=EXPERIMENT_TAGS))
    except MlflowException as error:
        # Another process may have created it in the meantime.
        if (found := client.get_experiment_by_name(name)) is not None:
            return found
        raise TrackingError(
            f"The tracking server did not create the experiment {name!r}: {first_line(error)}"
        ) from error


def _active(experiment: Experiment) -> Experiment:
    if experiment.lifecycle_stage != "active":
        raise TrackingError(
            f"The experiment {experiment.name!r} is deleted; restore it, or name another one."
        )
    return experiment
